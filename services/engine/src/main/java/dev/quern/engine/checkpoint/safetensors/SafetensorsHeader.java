package dev.quern.engine.checkpoint.safetensors;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.files.Sources;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The header of a safetensors file, checked as safetensors 0.8 does and a little more: duplicate names and a header
 * that does not begin with a brace are refused (docs/formats.md, safetensors).
 *
 * @param entries by name, in the order of the header
 * @param dataBytes size of the data section that the tensors cover
 */
record SafetensorsHeader(Map<String, TensorEntry> entries, long dataBytes) {
    private static final String METADATA = "__metadata__";

    /**
     * @param file for messages
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT that names the file, the tensor and the value
     */
    static SafetensorsHeader parse(String file, byte[] json) {
        if (json.length == 0 || json[0] != '{') {
            throw damaged(file, "header (expected: to begin with '{')");
        }
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        object(file, json).members().forEach((name, value) -> {
            if (name.equals(METADATA)) {
                checkMetadata(file, value);
            } else {
                entries.put(name, entry(file, name, value));
            }
        });
        return new SafetensorsHeader(Collections.unmodifiableMap(entries), coveredBytes(file, entries));
    }

    private static JsonObject object(String file, byte[] json) {
        try {
            if (Json.parse(json, json.length, Sources.MAX_VALUES) instanceof JsonObject object) {
                return object;
            }
            throw damaged(file, "header (expected: an object)");
        } catch (JsonException e) {
            throw e.in(file + ": header", ErrorCode.INVALID_CHECKPOINT);
        }
    }

    private static void checkMetadata(String file, JsonValue value) {
        boolean strings = value instanceof JsonObject(Map<String, JsonValue> members)
                && members.values().stream().allMatch(JsonString.class::isInstance);
        if (!strings && !(value instanceof JsonNull)) {
            throw damaged(file, METADATA + ": " + Json.write(value) + " (expected: an object of strings)");
        }
    }

    private static TensorEntry entry(String file, String name, JsonValue value) {
        if (!(value instanceof JsonObject fields)) {
            throw damaged(file, name + ": " + value.kind() + " (expected: an object)");
        }
        StoredType type = fields.get("dtype") instanceof JsonString(String text) ? StoredType.of(text) : null;
        if (type == null) {
            throw damaged(file, name + ": dtype " + shown(fields.get("dtype")) + " (expected: a safetensors type)");
        }
        List<Long> shape = numbers(file, name, "shape", fields);
        List<Long> offsets = numbers(file, name, "data_offsets", fields);
        if (offsets.size() != 2 || offsets.getLast() < offsets.getFirst()) {
            throw damaged(file, name + ": data_offsets " + offsets + " (expected: [begin, end])");
        }
        TensorEntry entry = new TensorEntry(name, type, shape, offsets.getFirst(), offsets.getLast());
        checkSize(file, entry);
        return entry;
    }

    private static List<Long> numbers(String file, String name, String field, JsonObject fields) {
        JsonValue value = fields.get(field);
        List<Long> numbers = new ArrayList<>();
        if (value instanceof JsonArray(List<JsonValue> elements)) {
            for (JsonValue element : elements) {
                if (element instanceof JsonNumber n
                        && n.text().chars().allMatch(c -> c >= '0' && c <= '9')
                        && n.isLong()) {
                    numbers.add(n.longValue());
                }
            }
            if (numbers.size() == elements.size()) {
                return numbers;
            }
        }
        throw damaged(file, name + ": " + field + " " + shown(value) + " (expected: an array of whole numbers)");
    }

    private static void checkSize(String file, TensorEntry entry) {
        String shape = entry.name() + ": " + entry.type() + " " + entry.shape();
        long expected;
        try {
            expected = TensorEntry.bytes(entry.type(), entry.shape());
        } catch (ArithmeticException e) {
            throw damaged(file, shape + " (expected: a size in whole bytes that 64 bits hold)");
        }
        if (entry.bytes() != expected) {
            throw damaged(file, shape + " has " + entry.bytes() + " bytes (expected: " + expected + ")");
        }
    }

    /** Tensors must follow each other without a hole or an overlap; empty ones may stand anywhere. */
    private static long coveredBytes(String file, Map<String, TensorEntry> entries) {
        List<TensorEntry> sorted = new ArrayList<>(entries.values());
        sorted.sort(
                (a, b) -> a.begin() != b.begin() ? Long.compare(a.begin(), b.begin()) : Long.compare(a.end(), b.end()));
        long end = 0;
        String previous = "the data section";
        for (TensorEntry entry : sorted) {
            if (entry.bytes() == 0) {
                continue;
            }
            if (entry.begin() != end) {
                String how = entry.begin() < end ? " overlaps " : " leaves a hole after ";
                throw damaged(
                        file,
                        "%s: data_offsets [%d, %d]%s%s (expected: to begin at %d)"
                                .formatted(entry.name(), entry.begin(), entry.end(), how, previous, end));
            }
            end = entry.end();
            previous = entry.name();
        }
        checkEmpty(file, sorted, end);
        return end;
    }

    private static void checkEmpty(String file, List<TensorEntry> entries, long end) {
        for (TensorEntry entry : entries) {
            if (entry.end() > end) {
                throw damaged(
                        file,
                        entry.name() + ": data_offsets end at " + entry.end() + " (expected: at most " + end + ")");
            }
        }
    }

    private static String shown(@Nullable JsonValue value) {
        return value == null ? "missing" : Json.write(value);
    }
}
