package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.files.Sources;
import dev.quern.engine.checkpoint.safetensors.SafetensorsFile;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A checkpoint: config.json and safetensors, in one file or in shards. Opening it checks every header and reads no
 * weight, but for a head beside {@code tie_word_embeddings: true}. Tensors have the names of {@link TensorNames},
 * whatever the files call them. May be shared by threads; nothing of it may be used after it is closed.
 */
public final class Checkpoint implements StoredTensors, AutoCloseable {
    private final CheckpointFolder folder;
    private final ModelConfig config;
    private final Map<String, SafetensorsFile> shards;
    private final Map<String, Place> places;
    private final boolean untied;
    private final Arena arena;

    /** Where a tensor lies, and what it is called there. */
    private record Place(SafetensorsFile shard, String stored) {
        CheckpointFiles.Range range() {
            return shard.range(stored);
        }

        TensorEntry entry() {
            return shard.entry(stored);
        }
    }

    @SuppressWarnings("MustBeClosed") // the checkpoint owns its arena
    private Checkpoint(
            CheckpointFolder folder,
            ModelConfig config,
            Map<String, SafetensorsFile> shards,
            Map<String, Place> places,
            boolean untied) {
        this.folder = folder;
        this.config = untied ? TiedHead.untied(config) : config;
        this.untied = untied;
        this.shards = shards;
        this.places = places;
        this.arena = Arena.ofShared();
    }

    /**
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT, UNSAFE_CHECKPOINT or ALREADY_QUANTIZED, naming
     *     the file or tensor
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

    /**
     * Opens a result of any tool: as {@link #open(CheckpointFiles)}, but its config may have a quantization_config.
     *
     * @param files closed with the checkpoint, and when it cannot be opened
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT or UNSAFE_CHECKPOINT, naming the file or tensor
     */
    public static Checkpoint openResult(CheckpointFiles files) {
        return open(files, ConfigFile::safe);
    }

    /** A result in a folder; throws as {@link #openResult(CheckpointFiles)}. */
    public static Checkpoint openResult(Path folder) {
        return openResult(new FolderFiles(folder));
    }

    private static Checkpoint open(CheckpointFiles files, Function<CheckpointFolder, ModelConfig> reading) {
        return closedOnError(files, () -> {
            CheckpointFolder folder = CheckpointFolder.of(files);
            ModelConfig config = reading.apply(folder);
            Map<String, SafetensorsFile> shards = Shards.open(folder);
            Map<String, Place> places = places(shards, TiedHead.isTied(config));
            boolean untied = TiedHead.isTied(config) && hasOwnHead(files, places);
            return new Checkpoint(folder, config, shards, places, untied);
        });
    }

    /** As {@link #open(Path)} for a quantized one, to read back what was written: config.json is taken at its word. */
    public static Checkpoint openQuantized(Path path) {
        CheckpointFiles files = new FolderFiles(path);
        return closedOnError(files, () -> {
            CheckpointFolder folder = CheckpointFolder.of(files);
            ModelConfig config = ConfigFile.read(folder);
            Map<String, SafetensorsFile> shards = Shards.open(folder);
            return new Checkpoint(folder, config, shards, places(shards, false), false);
        });
    }

    private static Checkpoint closedOnError(CheckpointFiles files, Supplier<Checkpoint> opening) {
        try {
            return opening.get();
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private static Map<String, Place> places(Map<String, SafetensorsFile> shards, boolean tied) {
        Set<String> stored = new LinkedHashSet<>();
        shards.values().forEach(shard -> stored.addAll(shard.entries().keySet()));
        Map<String, String> names = TensorNames.of(stored, tied);
        Map<String, Place> places = new LinkedHashMap<>();
        for (SafetensorsFile shard : shards.values()) {
            shard.entries()
                    .keySet()
                    .forEach(name -> places.put(names.getOrDefault(name, name), new Place(shard, name)));
        }
        return places;
    }

    private static boolean hasOwnHead(CheckpointFiles files, Map<String, Place> places) {
        Place head = places.get(TensorNames.HEAD);
        Place embedding = places.get(TensorNames.EMBEDDING);
        return head != null && embedding != null && !TiedHead.isCopy(files, head.range(), embedding.range());
    }

    /** Where it lies, for people: a folder's path, or an address. */
    public String location() {
        return folder.files().location();
    }

    /** Where it lies. */
    public CheckpointFiles source() {
        return folder.files();
    }

    /** config.json, but without a tie where the head is not the embedding. */
    @Override
    public ModelConfig config() {
        return config;
    }

    /** In the order of the files' names, then of their headers. */
    @Override
    public Set<String> tensorNames() {
        return Collections.unmodifiableSet(places.keySet());
    }

    public boolean has(String tensor) {
        return places.containsKey(tensor);
    }

    /**
     * A tensor that stays in memory, or in the cache of its place, until the checkpoint is closed.
     *
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when there is no such tensor, and as
     *     {@link CheckpointFiles}
     */
    public StoredTensor tensor(String name) {
        return tensor(name, arena);
    }

    /**
     * As {@link #tensor(String)}, valid no longer than an arena.
     *
     * @param arena owns the tensor's memory where it was fetched from elsewhere
     */
    @Override
    public StoredTensor tensor(String name, Arena arena) {
        Place place = place(name);
        StoredTensor tensor = place.shard().tensor(place.stored(), arena);
        return new StoredTensor(name, tensor.type(), tensor.shape(), tensor.data());
    }

    /** Says that the tensors whose names start with this will be read soon: from far away they are fetched together. */
    @Override
    public void expect(String prefix) {
        folder.files()
                .expect(places.entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith(prefix))
                        .map(entry -> entry.getValue().range())
                        .toList());
    }

    /** What the header says of a tensor; throws as {@link #tensor(String)}. */
    @Override
    public TensorEntry entry(String name) {
        TensorEntry entry = place(name).entry();
        return new TensorEntry(name, entry.type(), entry.shape(), entry.begin(), entry.end());
    }

    /** What the file calls a tensor; throws as {@link #tensor(String)}. */
    public String storedName(String name) {
        return place(name).stored();
    }

    private Place place(String tensor) {
        Place place = places.get(tensor);
        if (place == null) {
            throw damaged(weights(), tensor + ": missing (expected: a tensor of this name)");
        }
        return place;
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

    /**
     * Names of files that are not copied because a store could not hold their names: blanks, other alphabets, over 200
     * characters.
     */
    public List<String> leftOut() {
        return folder.leftOut();
    }

    /**
     * Names of the files that stay behind: code, weights in another format, indices, what another result said of
     * itself.
     */
    public List<String> unusedFiles() {
        List<String> used = files();
        return folder.names().stream().filter(name -> !used.contains(name)).toList();
    }

    /** Whether the head differs from the embedding though config.json says that they are tied. */
    public boolean isUntied() {
        return untied;
    }

    /** Whether there is a file of this name, relative to the folder. */
    public boolean hasFile(String name) {
        return folder.has(name);
    }

    /**
     * A small file.
     *
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when it cannot be read or is larger, and as
     *     {@link CheckpointFiles}
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
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT that names the first tensor that differs
     */
    public void requireTensors(Map<String, List<Integer>> shapes) {
        shapes.forEach((name, shape) -> {
            TensorEntry entry = entry(name);
            List<Long> expected = shape.stream().map(Integer::longValue).toList();
            String file = place(name).shard().name();
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
