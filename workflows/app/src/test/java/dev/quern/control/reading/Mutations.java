package dev.quern.control.reading;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes wrong JSON out of right JSON. One seed makes one document. */
final class Mutations {
    private static final List<String> NUMBERS = List.of(
            "0",
            "-1",
            "1",
            "2",
            "3",
            "7",
            "64",
            "65536",
            "65537",
            "16777217",
            "1000000000",
            "2147483646",
            "2147483647",
            "2147483648",
            "4294967296",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "0.5",
            "1e9",
            "1e308",
            "1e999",
            "1e-320",
            "1e-9999",
            "-0.0");
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            ".",
            "..",
            "../../etc/passwd",
            "\u0000",
            "\ud800",
            "NaN",
            "null",
            "Ä ß 日本",
            "\n",
            "(a+)+$",
            "(".repeat(200),
            "x".repeat(5000),
            "BF16",
            "Precompiled",
            "llama",
            "model.norm.weight");

    private final Random random;

    Mutations(long seed) {
        this.random = new Random(seed);
    }

    /** The document with one to three faults, of its values or of its bytes. */
    byte[] of(byte[] json) {
        if (random.nextInt(4) == 0) {
            return broken(json.clone());
        }
        JsonValue value = Json.parse(json);
        for (int fault = random.nextInt(3); fault >= 0; fault--) {
            value = mutated(value);
        }
        return Json.write(value).getBytes(StandardCharsets.UTF_8);
    }

    private byte[] broken(byte[] bytes) {
        if (random.nextInt(4) == 0) {
            return Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        }
        for (int flip = random.nextInt(4); flip >= 0; flip--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private JsonValue mutated(JsonValue value) {
        return switch (value) {
            case JsonObject(Map<String, JsonValue> members)
            when !members.isEmpty() && random.nextInt(12) > 0 -> object(new LinkedHashMap<>(members));
            case JsonArray(List<JsonValue> values)
            when !values.isEmpty() && random.nextInt(12) > 0 -> array(new ArrayList<>(values));
            default -> hostile();
        };
    }

    private JsonValue object(Map<String, JsonValue> members) {
        List<String> names = List.copyOf(members.keySet());
        String name = pick(names);
        JsonValue value = members.get(name);
        switch (random.nextInt(8)) {
            case 0 -> members.remove(name);
            case 1 -> members.put(pick(TEXTS), value);
            case 2 -> members.put(name, members.get(pick(names)));
            default -> members.put(name, mutated(value));
        }
        return new JsonObject(members);
    }

    private JsonValue array(List<JsonValue> values) {
        int at = random.nextInt(values.size());
        switch (random.nextInt(8)) {
            case 0 -> values.remove(at);
            case 1 -> values.add(values.get(at));
            case 2 -> values.set(at, values.get(random.nextInt(values.size())));
            default -> values.set(at, mutated(values.get(at)));
        }
        return new JsonArray(values);
    }

    private JsonValue hostile() {
        return switch (random.nextInt(8)) {
            case 0 -> JsonNull.NULL;
            case 1 -> random.nextBoolean() ? JsonBool.TRUE : JsonBool.FALSE;
            case 2 -> new JsonString(pick(TEXTS));
            case 3 -> new JsonArray(List.of(number(), number()));
            case 4 -> JsonObject.EMPTY.with("type", pick(TEXTS));
            default -> number();
        };
    }

    private JsonNumber number() {
        return new JsonNumber(pick(NUMBERS));
    }

    String name() {
        return random.nextInt(3) == 0
                ? pick(TEXTS)
                : random.ints(1 + random.nextInt(300), 1, 0x3000)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
    }

    private <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
