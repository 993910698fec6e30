package dev.quern.engine.format.safetensors;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.CoreShape;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.Model;
import dev.quern.recipes.Formats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * Makes the folder that loaders read from a source and its compressed linears. Tensors pass through one at a time,
 * linears one block at a time; the bytes depend on the source, the grids and the linears alone.
 */
final class Assembler {
    private final Assembly assembly;
    private final Model model;
    private final LinearCodec codec;
    private final GridMap grids;
    private final JsonArray turns;
    private final OutputPlan plan;
    private final long maxShardBytes;

    /**
     * @throws QuernException SHAPE_MISMATCH when the format cannot hold a linear on its grid, INVALID_RECIPE when its
     *     loaders would not turn what the model turns while it runs
     */
    Assembler(Assembly assembly, SafetensorsFolder format) {
        this(assembly, format, ShardedWriter.MAX_SHARD_BYTES);
    }

    Assembler(Assembly assembly, SafetensorsFolder format, long maxShardBytes) {
        this.assembly = assembly;
        this.model = assembly.model();
        this.codec = format.codec();
        this.grids = assembly.grids();
        this.turns = OnlineTurns.of(model.architecture());
        requireLoaders();
        this.plan = OutputPlan.of(assembly, format);
        this.maxShardBytes = maxShardBytes;
    }

    /** A loader that does not turn activations talks nonsense, and says nothing of it. */
    private void requireLoaders() {
        if (codec.isForLoaders() && !turns.values().isEmpty()) {
            throw new QuernException(
                    ErrorCode.INVALID_RECIPE,
                    "transform.online: true with %s, whose loaders turn no activations (expected: %s, or a transform without online)"
                            .formatted(codec.name(), Formats.QUERN_SPARSE));
        }
    }

    /** As {@link SafetensorsFolder#write}: config.json is written last, and no loader opens a folder without it. */
    Assembled write(Path folder, LongConsumer progress, Cancellation cancellation) {
        try {
            requireEmpty(folder);
            List<String> files;
            String index;
            try (ShardedWriter writer = new ShardedWriter(folder, plan.tensors(), maxShardBytes)) {
                writeCopied(writer, progress, cancellation);
                for (int block = 0; block < model.architecture().blocks().size(); block++) {
                    writeBlock(block, assembly.compressed().linears(block), writer, progress, cancellation);
                }
                files = new ArrayList<>(writer.files());
                index = writer.commit();
            }
            copySideFiles(folder);
            Files.writeString(folder.resolve(ModelConfig.FILE), Json.writePretty(config()) + "\n");
            files.addAll(assembly.source().sideFiles());
            if (index != null) {
                files.add(index);
            }
            files.add(ModelConfig.FILE);
            return new Assembled(files);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireEmpty(Path folder) throws IOException {
        Files.createDirectories(folder);
        try (Stream<Path> files = Files.list(folder)) {
            if (files.findAny().isPresent()) {
                throw new IllegalArgumentException("folder: " + folder + " is not empty (expected: an empty folder)");
            }
        }
    }

    private void writeCopied(ShardedWriter writer, LongConsumer progress, Cancellation cancellation)
            throws IOException {
        for (String name : plan.copied()) {
            cancellation.check();
            try (Arena arena = Arena.ofConfined()) {
                writer.write(name, model.tensors().tensor(name, arena).data());
            }
            progress.accept(model.tensors().entry(name).bytes());
        }
    }

    private void writeBlock(
            int block,
            List<CompressedLinear> linears,
            ShardedWriter writer,
            LongConsumer progress,
            Cancellation cancellation)
            throws IOException {
        Set<LinearId> expected = new HashSet<>();
        Block written = model.architecture().blocks().get(block);
        written.program().linears().stream()
                .map(written::id)
                .filter(linear -> grids.of(linear).isPresent())
                .forEach(expected::add);
        for (CompressedLinear linear : linears) {
            cancellation.check();
            if (!expected.remove(linear.id())) {
                throw new IllegalArgumentException("linear: " + linear.id() + " (expected one of: " + expected + ")");
            }
            StoredType scaleType = check(linear, grids.of(linear.id()).orElseThrow());
            codec.write(linear, scaleType, writer::write);
            progress.accept(model.tensors().entry(linear.id().weight()).bytes());
        }
        if (!expected.isEmpty()) {
            throw new IllegalArgumentException(
                    "block " + block + ": without " + expected + " (expected: every linear)");
        }
    }

    /** The dtype of its scales. */
    private StoredType check(CompressedLinear linear, IntegerShape grid) {
        CoreShape actual = linear.core().shape();
        TensorEntry weight = model.tensors().entry(linear.id().weight());
        List<Long> shape = List.of((long) linear.rows(), (long) linear.cols());
        if (!actual.equals(grid) || !weight.shape().equals(shape)) {
            throw new IllegalArgumentException(linear.id() + ": " + shape + " on " + actual + " (expected: "
                    + weight.shape() + " on " + grid + ")");
        }
        return weight.type();
    }

    private void copySideFiles(Path folder) throws IOException {
        for (String name : assembly.source().sideFiles()) {
            Path target = folder.resolve(name);
            Files.createDirectories(target.getParent());
            // As a stream: a copy of the file would take over its mode, and sources are often read-only.
            try (OutputStream out = Files.newOutputStream(target, StandardOpenOption.CREATE_NEW)) {
                assembly.source().stream(name, (buffer, length) -> write(out, buffer, length));
            }
        }
    }

    private static void write(OutputStream out, byte[] buffer, int length) {
        try {
            out.write(buffer, 0, length);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private JsonObject config() {
        JsonObject quantization = codec.quantizationConfig(grids);
        return model.tensors()
                .config()
                .raw()
                .with(
                        SafetensorsFolder.QUANTIZATION,
                        turns.values().isEmpty() ? quantization : quantization.with(OnlineTurns.MEMBER, turns));
    }
}
