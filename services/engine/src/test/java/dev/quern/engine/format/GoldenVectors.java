package dev.quern.engine.format;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** vectors.json: one linear [32, 64] in groups of 32, as the formats' own libraries store it. */
public final class GoldenVectors {
    public static final int ROWS = 32;
    public static final int COLS = 64;
    public static final int GROUP = 32;
    public static final Path GOLDEN = Path.of("src/test/resources/golden");

    private static final JsonObject ALL = read();

    private GoldenVectors() {}

    private static JsonObject read() {
        try {
            return (JsonObject) Json.parse(Files.readAllBytes(GOLDEN.resolve("vectors.json")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Unsigned numbers as bytes. */
    public static byte[] bytes(Object... path) {
        List<JsonValue> values = array(path);
        byte[] bytes = new byte[values.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ((JsonNumber) values.get(i)).longValue();
        }
        return bytes;
    }

    /** Words in hexadecimal as the bytes of a file. */
    public static byte[] words(Object... path) {
        List<JsonValue> values = array(path);
        ByteBuffer words = ByteBuffer.allocate(values.size() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        values.forEach(value -> words.putInt(Integer.parseUnsignedInt(((JsonString) value).value(), 16)));
        return words.array();
    }

    /** Bits of bf16 in hexadecimal as floats. */
    public static float[] bf16(Object... path) {
        List<JsonValue> values = array(path);
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = Float.intBitsToFloat(Integer.parseInt(((JsonString) values.get(i)).value(), 16) << Short.SIZE);
        }
        return floats;
    }

    private static List<JsonValue> array(Object... path) {
        JsonValue value = ALL;
        for (Object name : path) {
            value = ((JsonObject) value).get((String) name);
        }
        return ((JsonArray) value).values();
    }
}
