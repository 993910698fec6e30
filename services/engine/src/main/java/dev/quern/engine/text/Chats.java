package dev.quern.engine.text;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Chats of data sets as templates read them: {@code {"messages": [{"role", "content"}, …]}}, or
 * {@code {"conversations": [{"from", "value"}, …]}} with the names that ShareGPT gave to roles.
 */
final class Chats {
    private static final String MESSAGES = "messages";
    private static final String CONVERSATIONS = "conversations";
    private static final String SHAPE = " (expected: [{\"role\": \"…\", \"content\": \"…\"}, …])";
    private static final Map<String, String> ROLES = Map.of(
            "human", "user",
            "user", "user",
            "gpt", "assistant",
            "assistant", "assistant",
            "system", "system",
            "tool", "tool");
    /** Names of what a model thought before it answered, newest first. */
    private static final List<String> REASONING = List.of("reasoning_content", "thinking", "reasoning");

    private Chats() {}

    /** What is wrong with a chat. */
    static final class InvalidException extends Exception {
        private static final long serialVersionUID = 1;

        InvalidException(String message) {
            super(message);
        }
    }

    /**
     * The messages of a document; null where it is no chat.
     *
     * @throws InvalidException that names the member
     */
    static @Nullable JsonArray messages(JsonObject document) throws InvalidException {
        String member = isPresent(document, MESSAGES) ? MESSAGES : CONVERSATIONS;
        if (!isPresent(document, member)) {
            return null;
        }
        if (!(document.get(member) instanceof JsonArray(List<JsonValue> given)) || given.isEmpty()) {
            throw new InvalidException(member + ": no messages" + SHAPE);
        }
        List<JsonValue> messages = new ArrayList<>();
        for (JsonValue message : given) {
            messages.add(message(member, message));
        }
        return new JsonArray(messages);
    }

    /** The tools that a chat may call; null where it has none. */
    static @Nullable JsonValue tools(JsonObject document) {
        return document.get("tools") instanceof JsonArray tools
                        && !tools.values().isEmpty()
                ? tools
                : null;
    }

    private static boolean isPresent(JsonObject document, String member) {
        return document.has(member) && !(document.get(member) instanceof JsonNull);
    }

    private static JsonObject message(String member, JsonValue given) throws InvalidException {
        if (!(given instanceof JsonObject message)) {
            throw new InvalidException(member + ": " + Json.write(given) + SHAPE);
        }
        JsonObject named = message.has("role") ? message : renamed(member, message);
        if (!(named.get("role") instanceof JsonString)) {
            throw new InvalidException(member + ": a message without a role" + SHAPE);
        }
        return withReasoning(withoutNulls(named));
    }

    private static JsonObject renamed(String member, JsonObject message) throws InvalidException {
        if (!(message.get("from") instanceof JsonString(String from))) {
            throw new InvalidException(member + ": a message without a role" + SHAPE);
        }
        String role = ROLES.get(from);
        JsonValue value = message.get("value");
        if (role == null || value == null) {
            throw new InvalidException(
                    member + ": from " + from + " (expected: a value from human, gpt, system or tool)");
        }
        return JsonObject.EMPTY.with("role", role).with("content", value);
    }

    /** As transformers passes messages on: templates print null as text, and handle what is missing. */
    private static JsonObject withoutNulls(JsonObject message) {
        Map<String, JsonValue> members = new LinkedHashMap<>(message.members());
        members.values().removeIf(JsonNull.class::isInstance);
        return new JsonObject(members);
    }

    /** As transformers does it: templates read the reasoning under any of two names. */
    private static JsonObject withReasoning(JsonObject message) {
        for (String name : REASONING) {
            JsonValue reasoning = message.get(name);
            if (reasoning != null) {
                JsonValue thinking = message.get("thinking");
                return message.with("thinking", thinking == null ? reasoning : thinking)
                        .with("reasoning_content", reasoning);
            }
        }
        return message;
    }
}
