package dev.quern.recipes.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * JSON (RFC 8259) in and out. The reader is strict: no comments, no duplicate members, no text after the value, depth
 * at most 64. The writer is deterministic.
 */
public final class Json {
    /** Bytes or characters that are read without being told otherwise: a large tokenizer.json has 30 MB. */
    public static final int MAX_SIZE = 128 << 20;

    private Json() {}

    /** @throws JsonException with line and column */
    public static JsonValue parse(String text) {
        if (text.length() > MAX_SIZE) {
            throw new JsonException(1, 1, text.length() + " characters (expected: at most " + MAX_SIZE + ")");
        }
        return new JsonParser(text, Integer.MAX_VALUE).document();
    }

    /** Reads UTF-8, as {@link #parse(String)}. */
    public static JsonValue parse(byte[] utf8) {
        return parse(decode(utf8));
    }

    /** {@link #parse(byte[])} with a limit of the caller's. */
    public static JsonValue parse(byte[] utf8, int maxBytes) {
        return parse(utf8, maxBytes, Integer.MAX_VALUE);
    }

    /**
     * As {@link #parse(byte[], int)}, for what strangers made.
     *
     * @param maxValues in objects and arrays, however deep: a value in memory takes up to sixty times its text
     */
    public static JsonValue parse(byte[] utf8, int maxBytes, int maxValues) {
        if (utf8.length > maxBytes) {
            throw new JsonException(1, 1, utf8.length + " bytes (expected: at most " + maxBytes + ")");
        }
        return new JsonParser(decode(utf8), maxValues).document();
    }

    /** On one line, without spaces. */
    public static String write(JsonValue value) {
        return JsonWriter.compact().write(value);
    }

    /** Indented by two spaces, as Python's {@code json.dumps(indent=2)} does; without a line feed at the end. */
    public static String writePretty(JsonValue value) {
        return JsonWriter.pretty().write(value);
    }

    /** One text per content, to be hashed: compact, members sorted by name, numbers in their shortest form. */
    public static String canonical(JsonValue value) {
        return JsonWriter.canonical().write(value);
    }

    private static String decode(byte[] utf8) {
        if (isAscii(utf8)) {
            // A decoder would take three times the memory.
            return new String(utf8, StandardCharsets.ISO_8859_1);
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new JsonException(1, 1, "not UTF-8");
        }
    }

    private static boolean isAscii(byte[] text) {
        for (byte b : text) {
            if (b < 0) {
                return false;
            }
        }
        return true;
    }
}
