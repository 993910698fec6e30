package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes {@code model.safetensors}, or shards with an index where one file would grow too large. Tensors fill the
 * shards in the order in which they are named, so a shard holds what is loaded together; data comes in any order
 * (docs/formats.md, safetensors).
 */
public final class ShardedWriter implements AutoCloseable {
    /** The customary size of a shard. */
    public static final long MAX_SHARD_BYTES = 5_000_000_000L;

    private final Path folder;
    private final Map<String, SafetensorsWriter> writers = new LinkedHashMap<>();
    private final Map<String, String> fileOf = new HashMap<>();
    private final long tensorBytes;

    /** @param maxShardBytes data of a shard; a larger tensor has a shard of its own */
    public ShardedWriter(Path folder, List<OutputTensor> tensors, long maxShardBytes) throws IOException {
        this.folder = folder;
        this.tensorBytes = tensors.stream().mapToLong(OutputTensor::bytes).sum();
        List<List<OutputTensor>> shards = split(tensors, maxShardBytes);
        try {
            for (int i = 0; i < shards.size(); i++) {
                String file = shards.size() == 1
                        ? CheckpointFolder.SINGLE
                        : "model-%05d-of-%05d.safetensors".formatted(i + 1, shards.size());
                writers.put(file, SafetensorsWriter.create(folder.resolve(file), shards.get(i)));
                shards.get(i).forEach(tensor -> fileOf.put(tensor.name(), file));
            }
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    private static List<List<OutputTensor>> split(List<OutputTensor> tensors, long maxShardBytes) {
        List<List<OutputTensor>> shards = new ArrayList<>();
        shards.add(new ArrayList<>());
        long size = 0;
        for (OutputTensor tensor : tensors) {
            if (size > 0 && size + tensor.bytes() > maxShardBytes) {
                shards.add(new ArrayList<>());
                size = 0;
            }
            shards.getLast().add(tensor);
            size += tensor.bytes();
        }
        return shards;
    }

    /** As {@link SafetensorsWriter#write}. */
    public void write(String tensor, MemorySegment data) throws IOException {
        SafetensorsWriter writer = writers.get(fileOf.get(tensor));
        if (writer == null) {
            throw new IllegalArgumentException("tensor: " + tensor + " (expected: one of those named before)");
        }
        writer.write(tensor, data);
    }

    /**
     * Completes the shards, then writes their index.
     *
     * @return the index's name, null where one file holds all
     */
    public @Nullable String commit() throws IOException {
        for (SafetensorsWriter writer : writers.values()) {
            writer.commit();
        }
        if (writers.size() == 1) {
            return null;
        }
        Files.writeString(folder.resolve(ShardIndex.FILE), Json.writePretty(index()) + "\n");
        return ShardIndex.FILE;
    }

    private JsonObject index() {
        Map<String, JsonValue> map = new TreeMap<>();
        fileOf.forEach((tensor, file) -> map.put(tensor, new JsonString(file)));
        return JsonObject.EMPTY
                .with("metadata", JsonObject.EMPTY.with("total_size", JsonNumber.of(tensorBytes)))
                .with("weight_map", new JsonObject(map));
    }

    /** Names of the weight files in order. */
    public List<String> files() {
        return List.copyOf(writers.keySet());
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (SafetensorsWriter writer : writers.values()) {
            try {
                writer.close();
            } catch (IOException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
