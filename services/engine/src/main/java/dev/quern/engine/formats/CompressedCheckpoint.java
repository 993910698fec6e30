package dev.quern.engine.formats;

import dev.quern.engine.backend.DType;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.ResultTensors;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * An open result, Quern's or another tool's: a checkpoint of a model that we know, whose linears are packed on integer
 * grids or stored as they are. One without a packed linear is an ordinary checkpoint.
 *
 * @param codec of the packed linears
 * @param grids of the packed linears, in the order of the blocks
 */
public record CompressedCheckpoint(
        Checkpoint checkpoint, Architecture architecture, LinearCodec codec, Map<LinearId, IntegerShape> grids)
        implements AutoCloseable {
    /**
     * @throws QuernException INVALID_CHECKPOINT, UNSAFE_CHECKPOINT, UNSUPPORTED_ARCHITECTURE or OUTPUT_DAMAGED, naming
     *     the file, tensor or option
     */
    public static CompressedCheckpoint open(Path folder) {
        return of(Checkpoint.openResult(folder));
    }

    /**
     * As {@link #open(Path)} for a result that is elsewhere.
     *
     * @param files closed with the result
     */
    public static CompressedCheckpoint open(CheckpointFiles files) {
        return of(Checkpoint.openResult(files));
    }

    private static CompressedCheckpoint of(Checkpoint checkpoint) {
        try {
            Architecture architecture = Architectures.of(checkpoint.config());
            LinearCodec codec = OutputFormats.codec(checkpoint.config());
            return new CompressedCheckpoint(
                    checkpoint, architecture, codec, new ResultTensors(checkpoint, architecture, codec).grids());
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    /**
     * Checks that this can be a result of another model.
     *
     * @throws QuernException INVALID_CHECKPOINT that names what differs
     */
    public void requireResultOf(Architecture original) {
        same("model_type", original, Architecture::modelType);
        same("hidden_size", original, Architecture::hidden);
        same("num_hidden_layers", original, model -> model.blocks().size());
        same("vocab_size", original, Architecture::vocabulary);
        same("rms_norm_eps", original, model -> model.head().eps());
        for (int block = 0; block < architecture.blocks().size(); block++) {
            int index = block;
            same(
                    "rope of block " + block,
                    original,
                    model -> model.blocks().get(index).rope());
            same(
                    "shapes of block " + block,
                    original,
                    model -> model.blocks().get(index).program());
        }
    }

    private <T> void same(String what, Architecture original, Function<Architecture, T> figure) {
        T here = figure.apply(architecture);
        T there = figure.apply(original);
        if (!here.equals(there)) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT,
                    "%s: %s: %s (expected: %s, as in the original: a result of the same model)"
                            .formatted(checkpoint.location(), what, here, there));
        }
    }

    /**
     * A packed linear.
     *
     * @throws QuernException OUTPUT_DAMAGED that names the tensor, the value and what was expected
     */
    public CompressedLinear read(LinearId linear) {
        IntegerShape grid = grids.get(linear);
        if (grid == null) {
            throw new IllegalArgumentException("linear: " + linear + " (expected: one that is packed)");
        }
        return codec.read(checkpoint, linear, grid);
    }

    /** The dtype that loaders decode a packed linear to: that of its scales. */
    public DType decodedType(LinearId linear) {
        return checkpoint.entry(linear + Scales.NAME).type().dtype();
    }

    /** Weights of the packed linears. */
    public long weights() {
        return RecipeFit.modules(architecture)
                .filter(module -> grids.containsKey(module.id()))
                .mapToLong(module ->
                        (long) module.linear().rows() * module.linear().cols())
                .sum();
    }

    /** Bits of each packed weight, with scales and zero points; 0 where none is packed. */
    public double bitsPerWeight() {
        long bytes = grids.keySet().stream()
                .flatMap(linear -> codec.names(linear).filter(checkpoint::has))
                .map(checkpoint::entry)
                .filter(tensor -> !tensor.name().endsWith(WeightShape.NAME))
                .mapToLong(TensorEntry::bytes)
                .sum();
        return grids.isEmpty() ? 0 : 8.0 * bytes / weights();
    }

    /**
     * Compares files with what a manifest says of them.
     *
     * @param files of this result
     * @throws QuernException OUTPUT_DAMAGED that names the first file that differs, or is missing in the manifest
     */
    public static void requireFiles(Manifest manifest, List<FileDigest> files) {
        Map<String, String> known = manifest.files().stream()
                .collect(Collectors.toMap(Manifest.File::name, Manifest.File::sha256, (first, second) -> first));
        for (FileDigest file : files) {
            String expected = known.get(file.name());
            boolean loaded = file.name().endsWith(".safetensors");
            if (expected == null ? loaded : !expected.equals(file.sha256())) {
                throw new QuernException(
                        ErrorCode.OUTPUT_DAMAGED,
                        "result: %s: SHA-256 %s (expected: %s, as %s says)"
                                .formatted(
                                        file.name(),
                                        file.sha256(),
                                        expected == null ? "no such file" : expected,
                                        Manifest.NAME));
            }
        }
    }

    @Override
    public void close() {
        checkpoint.close();
    }
}
