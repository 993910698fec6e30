package dev.quern.engine.format.quernsparse;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Formats;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * {@code quern-sparse} (docs/formats.md): a mask of the weights that are not zero, their codes and their scales, each
 * packed or in a prefix code, whichever is smaller. No loader reads it; its codes, scales and zero points are those of
 * the dense result, bit for bit.
 */
public record QuernSparse() implements LinearCodec {
    /**
     * The codes are stored under the name of the weights. A loader that does not know the format and ignores it then
     * finds a tensor of the wrong shape and stops; a missing tensor it might initialise at random.
     */
    static final String CODES = ".weight";

    static final String MASK = ".weight_mask";
    static final String ZERO_POINT = ".weight_zero_point";
    /** Follow the name of what is coded: the codes, the mask, the bytes of the scales. */
    static final String OFFSETS = "_offsets";

    static final String LENGTHS = "_lengths";
    private static final int MOST_COLUMNS = 1 << 27;

    @Override
    public String name() {
        return Formats.QUERN_SPARSE;
    }

    @Override
    public Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid) {
        if (grid.bits() < 2 || grid.bits() > 8) {
            return Optional.of("grid.bits: " + grid.bits() + " (expected: 2 to 8)");
        }
        if (grid.groupSize() < 0 || (grid.groupSize() != 0 && cols % grid.groupSize() != 0)) {
            return Optional.of("%s: %d columns (expected: a multiple of grid.groupSize %d)"
                    .formatted(linear, cols, grid.groupSize()));
        }
        if ((long) rows * cols > Integer.MAX_VALUE - 2 * BitPacking.SLACK) {
            return Optional.of(linear + ": " + (long) rows * cols + " weights (expected: less than 2^31)");
        }
        if (cols > MOST_COLUMNS) {
            return Optional.of(linear + ": " + cols + " columns (expected: at most 2^27)");
        }
        return Optional.empty();
    }

    @Override
    public List<OutputTensor> tensors(
            LinearId linear,
            int rows,
            int cols,
            IntegerShape grid,
            StoredType scaleType,
            Supplier<CompressedLinear> values) {
        return SparseWriter.parts(values.get(), scaleType).stream()
                .map(SparseWriter.Part::tensor)
                .toList();
    }

    /**
     * As many as packed codes without a mask, and what a mask may take beyond that; where many weights are pruned, no
     * more than a mask and the packed codes of the others.
     */
    @Override
    public long bytes(int rows, int cols, IntegerShape grid, StoredType scaleType, long kept) {
        long runs = new Runs(rows, cols).count();
        long whole = Math.ceilDiv(SparseWriter.most((long) rows * cols * grid.bits()), Byte.SIZE);
        long masked = (long) rows * Split.maskBytes(cols) + Math.ceilDiv(kept * grid.bits(), Byte.SIZE);
        long codes = Math.min(whole, masked) + 2 * runs;
        long offsets = 2 * (runs + 1) * Integer.BYTES;
        long scales = (long) rows * grid.groups(cols) * scaleType.bits() / Byte.SIZE;
        return codes + offsets + scales + zeroBytes(rows, cols, grid) + 2 * Long.BYTES;
    }

    private static long zeroBytes(int rows, int cols, IntegerShape grid) {
        return grid.symmetric() ? 0 : (long) rows * grid.packing().rowBytes(grid.groups(cols));
    }

    @Override
    public void write(CompressedLinear linear, StoredType scaleType, TensorSink sink) throws IOException {
        for (SparseWriter.Part part : SparseWriter.parts(linear, scaleType)) {
            sink.accept(part.tensor().name(), part.data());
        }
    }

    @Override
    public CompressedLinear read(Checkpoint output, LinearId linear, IntegerShape grid) {
        return new SparseReader(output, linear, grid).read(this);
    }

    @Override
    public List<String> modules(Checkpoint output) {
        return output.tensorNames().stream()
                .filter(name -> name.endsWith(WeightShape.NAME))
                .map(name -> name.substring(0, name.length() - WeightShape.NAME.length()))
                .sorted()
                .toList();
    }

    @Override
    public WeightBytes weightBytes(Checkpoint output, LinearId linear) {
        return new WeightBytes(
                bytes(output, coded(linear + MASK)),
                bytes(output, coded(linear + CODES)),
                bytes(output, scales(linear)),
                TensorChecks.bytes(output, linear + ZERO_POINT));
    }

    private static long bytes(Checkpoint output, Stream<String> names) {
        return names.mapToLong(name -> TensorChecks.bytes(output, name)).sum();
    }

    /** The tensors of streams. */
    static Stream<String> coded(String name) {
        return Stream.of(name, name + OFFSETS, name + LENGTHS);
    }

    /** The tensors that scales may have. */
    private static Stream<String> scales(LinearId linear) {
        return Stream.concat(
                Stream.of(linear + Scales.NAME),
                StoredScales.planes().stream().flatMap(plane -> coded(linear + plane)));
    }

    @Override
    public Stream<String> names(LinearId linear) {
        return Stream.of(
                        coded(linear + CODES),
                        coded(linear + MASK),
                        scales(linear),
                        Stream.of(linear + ZERO_POINT, linear + WeightShape.NAME))
                .flatMap(names -> names);
    }

    @Override
    public Stated stated(Checkpoint result) {
        return new StatedModules(result, SparseConfig.modules(result.config()));
    }

    @Override
    public boolean isForLoaders() {
        return false;
    }

    @Override
    public JsonObject quantizationConfig(GridMap grids) {
        return SparseConfig.write(grids);
    }

    @Override
    public GridMap grids(JsonObject quantizationConfig, List<LinearId> linears) {
        return SparseConfig.read(quantizationConfig, linears);
    }
}
