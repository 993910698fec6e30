package dev.quern.engine.text;

import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.tokenizer.ChatTemplate;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The documents of a text file in order, as token ids. No more is read than the sink takes, and no more is held than a
 * line, or a piece of a document. Every error is a USER error that names the file and the line.
 */
final class Documents {
    private static final String EXPECTED = "(expected: {\"text\": \"…\"}, {\"input_ids\": […]} or {\"messages\": […]})";
    private static final String NO_TEMPLATE =
            "a chat, but the model has no chat template (expected: chat_template.jinja, chat_template in tokenizer_config.json, or"
                    + " {\"text\": \"…\"} on every line)";
    /** Values on a line, for the memory that they take. */
    private static final int MAX_VALUES = 1 << 20;

    private static final int MAX_SHOWN = 60;
    /** What some editors put at the beginning of a file; no document begins with it. */
    private static final char BYTE_ORDER_MARK = '\uFEFF';

    /** Takes the next ids of a document; false ends the reading. */
    @FunctionalInterface
    interface Sink {
        boolean accept(String place, int[] ids);
    }

    private final String name;
    private final Tokenizer tokenizer;
    private @Nullable String template;

    Documents(String name, Tokenizer tokenizer) {
        this.name = name;
        this.tokenizer = tokenizer;
    }

    /** Reads a .txt, which is one document, or a .jsonl; its name says which. */
    void read(Path file, Sink sink) {
        try {
            if (name.endsWith(".txt")) {
                try (Reader text = reader(Files.newInputStream(file))) {
                    encode("text", text, true, sink);
                }
            } else if (name.endsWith(".jsonl")) {
                try (InputStream in = Files.newInputStream(file)) {
                    readLines(in, sink);
                }
            } else {
                throw invalid("file", "unknown kind (expected: a name that ends in .jsonl or .txt)", null);
            }
        } catch (NoSuchFileException e) {
            throw invalid("file", "missing (expected: a .jsonl or .txt file)", e);
        } catch (CharacterCodingException e) {
            throw invalid("file", "not UTF-8 (expected: UTF-8 text)", e);
        } catch (IOException e) {
            throw invalid("file", "cannot be read, " + e, e);
        }
    }

    /** UTF-8 behind a byte order mark, if there is one. */
    private static Reader reader(InputStream in) throws IOException {
        BufferedReader reader =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16);
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
        return reader;
    }

    /** Reads JSON lines until the sink has enough; blank lines are skipped. */
    void readLines(InputStream in, Sink sink) throws IOException {
        Lines lines = new Lines(reader(in));
        try {
            for (String line = lines.next(); line != null; line = lines.next()) {
                if (!line.isBlank() && !readLine("line " + lines.number(), line, sink)) {
                    return;
                }
            }
        } catch (Lines.TooLongException e) {
            throw invalid("line " + lines.number(), String.valueOf(e.getMessage()), e);
        }
    }

    private boolean readLine(String place, String line, Sink sink) throws IOException {
        JsonObject document = document(place, line);
        JsonValue text = present(document, "text");
        JsonValue ids = present(document, "input_ids");
        if (text != null && ids != null) {
            throw invalid(place, "has both text and input_ids (expected: one of them)", null);
        }
        if (text instanceof JsonString(String value)) {
            return encode(place, new StringReader(value), true, sink);
        }
        if (ids instanceof JsonArray array) {
            return sink.accept(
                    place, array.values().stream().mapToInt(id -> id(place, id)).toArray());
        }
        String chat = chat(place, document);
        if (chat == null) {
            throw wrong(place, document);
        }
        return encode(place, new StringReader(chat), false, sink);
    }

    /**
     * A chat as the model's template writes it, with all the special tokens that it needs; null where the document is
     * none.
     */
    private @Nullable String chat(String place, JsonObject document) {
        try {
            JsonArray messages = Chats.messages(document);
            if (messages == null) {
                return null;
            }
            ChatTemplate chatTemplate = tokenizer.chatTemplate();
            if (chatTemplate == null) {
                throw invalid(place, NO_TEMPLATE, null);
            }
            template = chatTemplate.name();
            return chatTemplate.render(messages, Chats.tools(document));
        } catch (Chats.InvalidException e) {
            throw invalid(place, String.valueOf(e.getMessage()), e);
        } catch (TemplateException e) {
            String what = e.isRaised() ? ", refuses the chat: " : ": ";
            throw invalid(place, template + ", line " + e.line() + what + e.getMessage(), e);
        }
    }

    /** The template that chats were read through; null where there was none. */
    @Nullable
    String template() {
        return template;
    }

    private boolean encode(String place, Reader text, boolean special, Sink sink) throws IOException {
        try {
            return LongText.encode(tokenizer, text, special, ids -> sink.accept(place, ids));
        } catch (LongText.NoSeamException e) {
            throw invalid(place, e.getMessage() + " (expected: shorter documents, or text with words)", e);
        }
    }

    private QuernException wrong(String place, JsonObject document) {
        for (String member : List.of("text", "input_ids")) {
            JsonValue value = present(document, member);
            if (value != null) {
                String expected = member.equals("text") ? "a string" : "an array of token ids";
                return invalid(place, member + ": " + shown(value) + " (expected: " + expected + ")", null);
            }
        }
        String members = String.join(", ", document.members().keySet());
        return invalid(place, (members.isEmpty() ? "an empty object " : "members " + members + " ") + EXPECTED, null);
    }

    /** A member that is not null: data sets fill columns with it where a row has nothing. */
    private static @Nullable JsonValue present(JsonObject document, String member) {
        JsonValue value = document.get(member);
        return value instanceof JsonNull ? null : value;
    }

    private JsonObject document(String place, String line) {
        if (values(line) > MAX_VALUES) {
            throw invalid(
                    place,
                    values(line) + " values (expected: at most " + MAX_VALUES + ", documents on several lines)",
                    null);
        }
        try {
            if (Json.parse(line) instanceof JsonObject object) {
                return object;
            }
            throw invalid(place, "not an object " + EXPECTED, null);
        } catch (JsonException e) {
            throw invalid(place, "not JSON, column " + e.column() + " (expected: {\"text\": \"…\"} on every line)", e);
        }
    }

    private static String shown(JsonValue value) {
        String text = Json.write(value);
        return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
    }

    /** Values of a JSON text, or about so many: each takes memory of its own. */
    private static int values(String json) {
        int values = 1;
        boolean quoted = false;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == '[' || c == '{')) {
                values++;
            }
        }
        return values;
    }

    private int id(String place, JsonValue value) {
        if (value instanceof JsonNumber number && number.isLong()) {
            long id = number.longValue();
            if (id >= 0 && id <= Integer.MAX_VALUE) {
                return (int) id;
            }
        }
        throw invalid(place, "input_ids: " + shown(value) + " (expected: a token id)", null);
    }

    QuernException invalid(String place, String message, @Nullable Exception cause) {
        String whole = place.equals("file") ? name + ": " + message : name + ": " + place + ": " + message;
        return cause == null
                ? new QuernException(ErrorCode.INVALID_DATASET, whole)
                : new QuernException(ErrorCode.INVALID_DATASET, whole, cause);
    }
}
