package dev.quern.engine.tokenizer;

import dev.quern.engine.template.Template;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's own way of writing a chat as text. As in transformers, {@code chat_template.jinja} counts more than
 * {@code chat_template} of {@code tokenizer_config.json}, and of several templates the one named {@code default} is
 * taken, or {@code tool_use} for a chat with tools.
 */
public final class ChatTemplate {
    private static final String FILE = "chat_template.jinja";
    private static final String MEMBER = "chat_template";
    private static final String DEFAULT = "default";
    private static final String TOOL_USE = "tool_use";
    private static final String TOOL_USE_FILE = "additional_chat_templates/tool_use.jinja";
    private final String name;
    private final Template template;
    private final @Nullable Template withTools;
    private final JsonObject special;

    private ChatTemplate(String name, Template template, @Nullable Template withTools, JsonObject special) {
        this.name = name;
        this.template = template;
        this.withTools = withTools;
        this.special = special;
    }

    /**
     * The template of a tokenizer; null where it has none.
     *
     * @throws QuernException INVALID_CHECKPOINT for one that is no template, with its line
     */
    static @Nullable ChatTemplate of(TokenizerFiles files) {
        JsonObject config = files.object(AddedTokens.CONFIG);
        String own = files.text(FILE);
        String name = own == null ? AddedTokens.CONFIG + ": " + MEMBER : FILE;
        String source = own == null ? listed(config.get(MEMBER), DEFAULT) : own;
        if (source == null) {
            return null;
        }
        String other = own == null ? listed(config.get(MEMBER), TOOL_USE) : files.text(TOOL_USE_FILE);
        return new ChatTemplate(
                name,
                parsed(files.path(name), source),
                other == null ? null : parsed(files.path(TOOL_USE_FILE), other),
                special(config, files));
    }

    private static Template parsed(String path, String source) {
        try {
            return Template.parse(source);
        } catch (TemplateException e) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, path + ": line " + e.line() + ": " + e.getMessage(), e);
        }
    }

    /** A template of this name; one alone is the default. */
    private static @Nullable String listed(@Nullable JsonValue templates, String wanted) {
        if (templates instanceof JsonString(String only)) {
            return wanted.equals(DEFAULT) ? only : null;
        }
        if (templates instanceof JsonArray(List<JsonValue> several)) {
            for (JsonValue one : several) {
                if (one instanceof JsonObject object
                        && object.get("name") instanceof JsonString(String name)
                        && name.equals(wanted)
                        && object.get("template") instanceof JsonString(String template)) {
                    return template;
                }
            }
        }
        return null;
    }

    /**
     * The special tokens by name. As in transformers, {@code special_tokens_map.json} counts only where the
     * configuration describes no tokens.
     */
    private static JsonObject special(JsonObject config, TokenizerFiles files) {
        JsonObject map = config.has(AddedTokens.DECODER) ? JsonObject.EMPTY : files.object(AddedTokens.MAP);
        JsonObject special = JsonObject.EMPTY;
        for (String token : AddedTokens.NAMED) {
            JsonValue value = map.has(token) ? map.get(token) : config.get(token);
            if (value instanceof JsonObject described) {
                value = described.get("content");
            }
            if (value instanceof JsonString) {
                special = special.with(token, value);
            }
        }
        return special;
    }

    /** Its file, and the member of that file. */
    public String name() {
        return name;
    }

    /**
     * The text of a chat, without a prompt for another answer.
     *
     * @param messages with {@code role} and {@code content}
     * @param tools null where the chat has none
     * @throws TemplateException as {@link Template#render}
     */
    public String render(JsonArray messages, @Nullable JsonValue tools) {
        Template chosen = tools == null || withTools == null ? template : withTools;
        return chosen.render(JsonObject.EMPTY
                .with("messages", messages)
                .with("tools", tools == null ? JsonNull.NULL : tools)
                .with("documents", JsonNull.NULL)
                .with("add_generation_prompt", false)
                .with(special));
    }
}
