package dev.quern.engine.checkpoint.safetensors;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where everything of a file stands, known before a byte of data is: the order is the reference writer's, by falling
 * type and then by name, so that a set of tensors has one layout and every tensor is aligned (docs/formats.md,
 * safetensors).
 *
 * @param prologue length and header, padded so that data begins at a multiple of 8
 * @param entries by name, in the order of the file
 */
record SafetensorsLayout(MemorySegment prologue, Map<String, TensorEntry> entries, long dataBytes) {
    private static final Comparator<OutputTensor> ORDER =
            Comparator.comparing(OutputTensor::type).reversed().thenComparing(OutputTensor::name);
    private static final int ALIGNMENT = 8;

    /** @throws IllegalArgumentException when a name occurs twice */
    static SafetensorsLayout of(Collection<OutputTensor> tensors) {
        Map<String, TensorEntry> entries = new LinkedHashMap<>();
        long at = 0;
        for (OutputTensor tensor : tensors.stream().sorted(ORDER).toList()) {
            TensorEntry entry = new TensorEntry(tensor.name(), tensor.type(), tensor.shape(), at, at + tensor.bytes());
            if (entries.put(tensor.name(), entry) != null) {
                throw new IllegalArgumentException("tensor: " + tensor.name() + " twice (expected: once)");
            }
            at = entry.end();
        }
        return new SafetensorsLayout(prologue(entries.values()), entries, at);
    }

    private static MemorySegment prologue(Collection<TensorEntry> entries) {
        JsonObject header = JsonObject.EMPTY.with("__metadata__", JsonObject.EMPTY.with("format", "pt"));
        Map<String, JsonValue> members = new LinkedHashMap<>(header.members());
        entries.forEach(entry -> members.put(entry.name(), describe(entry)));
        byte[] json = Json.write(new JsonObject(members)).getBytes(StandardCharsets.UTF_8);
        int padded = Math.ceilDiv(json.length, ALIGNMENT) * ALIGNMENT;
        ByteBuffer prologue = ByteBuffer.allocate(Long.BYTES + padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded)
                .put(json);
        while (prologue.hasRemaining()) {
            prologue.put((byte) ' ');
        }
        return MemorySegment.ofArray(prologue.array());
    }

    private static JsonObject describe(TensorEntry entry) {
        return JsonObject.EMPTY
                .with("dtype", new JsonString(entry.type().name()))
                .with("shape", numbers(entry.shape()))
                .with("data_offsets", numbers(List.of(entry.begin(), entry.end())));
    }

    private static JsonArray numbers(List<Long> values) {
        List<JsonValue> numbers = new ArrayList<>();
        values.forEach(value -> numbers.add(JsonNumber.of(value.longValue())));
        return new JsonArray(numbers);
    }

    /** Offset in the file. */
    long position(TensorEntry entry) {
        return prologue.byteSize() + entry.begin();
    }

    long fileBytes() {
        return prologue.byteSize() + dataBytes;
    }
}
