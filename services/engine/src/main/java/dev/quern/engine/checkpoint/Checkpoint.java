package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.Refusal.damaged;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A checkpoint folder: config.json and safetensors, in one file or in shards. Opening it checks every header and maps the data, and
 * reads no weight. May be shared by threads; nothing of it may be used after it is closed.
 */
public final class Checkpoint implements AutoCloseable {
    private final CheckpointFolder folder;
    private final ModelConfig config;
    private final Map<String, SafetensorsFile> shards;
    private final Map<String, SafetensorsFile> shardOf;
    private final Arena arena;

    private Checkpoint(CheckpointFolder folder, ModelConfig config, Map<String, SafetensorsFile> shards, Arena arena) {
        this.folder = folder;
        this.config = config;
        this.shards = shards;
        this.arena = arena;
        this.shardOf = new LinkedHashMap<>();
        shards.values().forEach(shard -> shard.entries().keySet().forEach(tensor -> shardOf.put(tensor, shard)));
    }

    /**
     * @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT, UNSAFE_CHECKPOINT or ALREADY_QUANTIZED, naming the file or tensor
     */
    public static Checkpoint open(Path path) {
        CheckpointFolder folder = CheckpointFolder.of(path);
        ModelConfig config = ConfigFile.unquantized(folder);
        return open(folder, config);
    }

    /** As {@link #open} for a quantized one, to read back what was written. */
    public static Checkpoint openQuantized(Path path) {
        CheckpointFolder folder = CheckpointFolder.of(path);
        return open(folder, ConfigFile.read(folder));
    }

    @SuppressWarnings("MustBeClosed") // the checkpoint owns it
    private static Checkpoint open(CheckpointFolder folder, ModelConfig config) {
        Arena arena = Arena.ofShared();
        try {
            return new Checkpoint(folder, config, Shards.open(folder, arena), arena);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    public Path folder() {
        return folder.folder();
    }

    public ModelConfig config() {
        return config;
    }

    /** In the order of the files' names, then of their headers. */
    public Set<String> tensorNames() {
        return Collections.unmodifiableSet(shardOf.keySet());
    }

    public boolean has(String tensor) {
        return shardOf.containsKey(tensor);
    }

    /** @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT when there is no such tensor */
    public StoredTensor tensor(String name) {
        return shardOf(name).tensor(name);
    }

    /** What the header says of a tensor; throws as {@link #tensor}. */
    public TensorEntry entry(String name) {
        return shardOf(name).entry(name);
    }

    private SafetensorsFile shardOf(String tensor) {
        SafetensorsFile shard = shardOf.get(tensor);
        if (shard == null) {
            throw damaged(weights(), tensor + ": missing (expected: a tensor of this name)");
        }
        return shard;
    }

    private String weights() {
        return shards.size() == 1 ? shards.keySet().iterator().next() : ShardIndex.FILE;
    }

    /** The safetensors files by name. */
    public Map<String, SafetensorsFile> shards() {
        return shards;
    }

    /** Bytes of all tensors, without headers. */
    public long tensorBytes() {
        return shards.values().stream()
                .flatMap(shard -> shard.entries().values().stream())
                .mapToLong(TensorEntry::bytes)
                .sum();
    }

    /** Names of the files that are copied beside a result: tokenizer, templates, generation config, licence … */
    public List<String> sideFiles() {
        return folder.sideFiles();
    }

    /** Every file that the model consists of, relative to the folder, with forward slashes. */
    public List<String> files() {
        List<String> files = new ArrayList<>(shards.keySet());
        if (folder.has(ShardIndex.FILE)) {
            files.add(ShardIndex.FILE);
        }
        files.add(ModelConfig.FILE);
        files.addAll(folder.sideFiles());
        Collections.sort(files);
        return files;
    }

    /**
     * Checks that tensors are there, have these shapes, and a dtype that weights are read in.
     *
     * @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT that names the first tensor that differs
     */
    public void requireTensors(Map<String, List<Integer>> shapes) {
        shapes.forEach((name, shape) -> {
            TensorEntry entry = entry(name);
            List<Long> expected = shape.stream().map(Integer::longValue).toList();
            String file = Refusal.name(shardOf(name).path());
            if (!entry.shape().equals(expected)) {
                throw damaged(file, name + ": shape " + entry.shape() + " (expected: " + expected + ")");
            }
            if (!entry.type().isWeight()) {
                throw damaged(file, name + ": dtype " + entry.type() + " (expected: BF16, F16 or F32)");
            }
        });
    }

    @Override
    public void close() {
        arena.close();
    }
}
