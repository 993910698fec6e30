package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.CompressedModel;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.compressedtensors.CompressedTensors;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.SafetensorsFolder;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.TensorSpec;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Reading, packing, writing and verifying blocks of the shape of Llama 3 8B, in MB of source weights per second.
 *
 * <p>Arguments: an empty folder on the disk to be measured (0.55 GB for each block and round), blocks, rounds. Needs a
 * heap of 2 GB.
 */
public final class FormatBench {
    private static final int VOCABULARY = 8192;
    private static final LinearCodec CODEC = new CompressedTensors();
    private static final OutputFormat FORMAT = new SafetensorsFolder(CODEC);

    private final Path folder;
    private final int rounds;

    private FormatBench(Path folder, int rounds) {
        this.folder = folder;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws IOException {
        FormatBench bench = new FormatBench(Files.createDirectories(Path.of(args[0])), Integer.parseInt(args[2]));
        Path source = bench.makeSource(Integer.parseInt(args[1]));
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            bench.run(checkpoint);
        }
    }

    private void run(Checkpoint source) throws IOException {
        System.out.printf(Locale.ROOT, "%.0f MB of bf16 weights%n%n", source.tensorBytes() / 1e6);
        System.out.printf(Locale.ROOT, "| | best s | MB/s of source |%n| --- | --- | --- |%n");
        row("hash and scan the source", source, () -> ModelDigest.of(source, null, bytes -> {}, Cancellation.NEVER));
        for (Recipe.Grid grid : List.of(grid(4, true), grid(4, false), grid(3, true), grid(8, true))) {
            run(source, grid);
        }
    }

    private static Recipe.Grid grid(int bits, boolean symmetric) {
        return new Recipe.Grid(bits, 128, symmetric, Recipe.ClipSearch.NONE);
    }

    private static Recipe recipe(Recipe.Grid grid) {
        return new Recipe("bench", Recipe.Propagation.INDEPENDENT, grid, new Recipe.Nearest(), true);
    }

    private void run(Checkpoint source, Recipe.Grid grid) throws IOException {
        Architecture architecture = Architectures.of(source.config());
        CompressedModel model = model(architecture, grid);
        Assembly assembly = Assembly.of(source, new Model(architecture, source), recipe(grid), model);
        Path output = folder.resolve("output");
        String name = "%d bits, %s".formatted(grid.bits(), grid.symmetric() ? "symmetric" : "asymmetric");
        row(name + ": pack", source, () -> pack(model, architecture));
        row(name + ": pack and write, durable", source, () -> {
            delete(output);
            return FORMAT.write(assembly, output, bytes -> {}, Cancellation.NEVER);
        });
        delete(output);
        Assembled assembled = FORMAT.write(assembly, output, bytes -> {}, Cancellation.NEVER);
        row(
                name + ": read back and compare",
                source,
                () -> OutputVerifier.verifyAssembled(
                        FORMAT, output, assembled, assembly, bytes -> {}, Cancellation.NEVER));
        delete(output);
    }

    private static long pack(CompressedModel model, Architecture architecture) {
        long[] bytes = new long[1];
        try {
            for (int block = 0; block < architecture.blocks().size(); block++) {
                for (CompressedLinear linear : model.linears(block)) {
                    CODEC.write(linear, StoredType.BF16, (name, data) -> bytes[0] += data.byteSize());
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes[0];
    }

    private void row(String name, Checkpoint source, Supplier<?> work) {
        double best = Double.POSITIVE_INFINITY;
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            if (work.get() == null) {
                throw new IllegalStateException(name);
            }
            best = Math.min(best, (System.nanoTime() - start) / 1e9);
        }
        System.out.printf(Locale.ROOT, "| %s | %.2f | %.0f |%n", name, best, source.tensorBytes() / best / 1e6);
    }

    /** All blocks have the same codes: one is held, and only the names differ. */
    private static CompressedModel model(Architecture architecture, Recipe.Grid grid) {
        Map<LinearSpec, IntegerGrid> grids = new HashMap<>();
        architecture.linears().forEach(spec -> grids.put(spec, random(spec, grid)));
        return block -> architecture.blocks().get(block).program().linears().stream()
                .map(spec -> new CompressedLinear(
                        architecture.blocks().get(block).id(spec),
                        spec.rows(),
                        spec.cols(),
                        Objects.requireNonNull(grids.get(spec))))
                .toList();
    }

    private static IntegerGrid random(LinearSpec spec, Recipe.Grid grid) {
        SplittableRandom random = new SplittableRandom(1);
        byte[] codes = new byte[spec.rows() * spec.cols()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(1 << grid.bits());
        }
        byte[] zeros = new byte[spec.rows() * IntegerShape.of(grid, spec.cols()).groups(spec.cols())];
        float[] scales = new float[zeros.length];
        for (int i = 0; i < zeros.length; i++) {
            zeros[i] = (byte) (1 << (grid.bits() - 1));
            scales[i] = (128 + random.nextInt(128)) * 0x1p-14f;
        }
        return new IntegerGrid(grid.bits(), grid.groupSize(), grid.symmetric(), codes, zeros, scales);
    }

    private Path makeSource(int blocks) throws IOException {
        Path source = Files.createDirectories(folder.resolve("source"));
        Path config = source.resolve("config.json");
        Files.writeString(config, """
            {"model_type": "llama", "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": %d,
             "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": %d, "max_position_embeddings": 8192,
             "rms_norm_eps": 1e-5, "rope_theta": 500000.0, "hidden_act": "silu", "tie_word_embeddings": true,
             "torch_dtype": "bfloat16"}
            """.formatted(blocks, VOCABULARY));
        Architecture architecture =
                Architectures.of(new ModelConfig((JsonObject) Json.parse(Files.readString(config))));
        List<OutputTensor> tensors = architecture.tensors().stream()
                .map(spec -> new OutputTensor(spec.name(), StoredType.BF16, shape(spec)))
                .toList();
        Files.deleteIfExists(source.resolve("model.safetensors"));
        try (Arena arena = Arena.ofConfined();
                SafetensorsWriter writer = SafetensorsWriter.create(source.resolve("model.safetensors"), tensors)) {
            long largest = tensors.stream().mapToLong(OutputTensor::bytes).max().orElseThrow();
            MemorySegment data = arena.allocate(largest);
            SplittableRandom random = new SplittableRandom(2);
            for (long at = 0; at < largest; at += Short.BYTES) {
                data.set(ValueLayout.JAVA_SHORT, at, (short) (0x3C00 | random.nextInt(0x200)));
            }
            for (OutputTensor tensor : tensors) {
                writer.write(tensor.name(), data.asSlice(0, tensor.bytes()));
            }
            writer.commit();
        }
        return source;
    }

    private static List<Long> shape(TensorSpec spec) {
        return spec.shape().stream().map(Integer::longValue).toList();
    }

    private static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
