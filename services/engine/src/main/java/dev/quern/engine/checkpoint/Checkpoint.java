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
import java.util.function.Function;

/**
 * A checkpoint: config.json and safetensors, in one file or in shards. Opening it checks every header and reads no weight. May be
 * shared by threads; nothing of it may be used after it is closed.
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
    public static Checkpoint open(Path folder) {
        return open(new FolderFiles(folder));
    }

    /**
     * Opens a checkpoint that lies elsewhere; throws as {@link #open(Path)}.
     *
     * @param files closed with the checkpoint, and when it cannot be opened
     */
    public static Checkpoint open(CheckpointFiles files) {
        return open(files, ConfigFile::unquantized);
    }

    /** As {@link #open(Path)} for a quantized one, to read back what was written. */
    public static Checkpoint openQuantized(Path folder) {
        return open(new FolderFiles(folder), ConfigFile::read);
    }

    @SuppressWarnings("MustBeClosed") // the checkpoint owns it
    private static Checkpoint open(CheckpointFiles files, Function<CheckpointFolder, ModelConfig> reader) {
        try {
            CheckpointFolder folder = CheckpointFolder.of(files);
            ModelConfig config = reader.apply(folder);
            return new Checkpoint(folder, config, Shards.open(folder), Arena.ofShared());
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    /** Where it lies, for people: a folder's path, or an address. */
    public String location() {
        return folder.files().location();
    }

    /** Where it lies. */
    CheckpointFiles source() {
        return folder.files();
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

    /**
     * A tensor that stays in memory, or in the cache of its place, until the checkpoint is closed.
     *
     * @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT when there is no such tensor, and as {@link CheckpointFiles}
     */
    public StoredTensor tensor(String name) {
        return tensor(name, arena);
    }

    /**
     * As {@link #tensor(String)}, valid no longer than an arena.
     *
     * @param arena owns the tensor's memory where it was fetched from elsewhere
     */
    public StoredTensor tensor(String name, Arena arena) {
        return shardOf(name).tensor(name, arena);
    }

    /** Says that the tensors whose names start with this will be read soon: from far away they are fetched together. */
    public void expect(String prefix) {
        folder.files()
                .expect(shardOf.entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith(prefix))
                        .map(entry -> entry.getValue().range(entry.getKey()))
                        .toList());
    }

    /** What the header says of a tensor; throws as {@link #tensor(String)}. */
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

    /** Names of files that are not copied because a store could not hold their names: blanks, other alphabets, over 200 characters. */
    public List<String> leftOut() {
        return folder.leftOut();
    }

    /** Whether there is a file of this name, relative to the folder. */
    public boolean hasFile(String name) {
        return folder.has(name);
    }

    /**
     * A small file.
     *
     * @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT when it cannot be read or is larger, and as {@link CheckpointFiles}
     */
    public byte[] read(String name, int maxBytes) {
        return Sources.bytes(folder.files(), name, maxBytes);
    }

    /** Passes a file by, from its first byte to its last; throws as {@link CheckpointFiles}. */
    public void stream(String name, CheckpointFiles.Sink sink) {
        folder.files().stream(name, sink);
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
            String file = shardOf(name).name();
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
        folder.files().close();
    }
}
