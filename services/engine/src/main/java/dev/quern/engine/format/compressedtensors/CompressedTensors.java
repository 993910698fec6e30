package dev.quern.engine.format.compressedtensors;

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
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Formats;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * compressed-tensors' {@code pack-quantized}, which vLLM, SGLang and transformers load: {@code weight_packed} I32
 * [rows, cols b / 32], {@code weight_scale} [rows, groups] in the dtype of the model, {@code weight_shape} I64 [2], and
 * for asymmetric grids {@code weight_zero_point} I32 [rows b / 32, groups] (docs/formats.md).
 */
public record CompressedTensors() implements LinearCodec {
    static final String PACKED = ".weight_packed";
    static final String ZERO_POINT = ".weight_zero_point";

    @Override
    public String name() {
        return Formats.COMPRESSED_TENSORS;
    }

    @Override
    public Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid) {
        if (grid.bits() < 2 || grid.bits() > 8) {
            return Optional.of("grid.bits: " + grid.bits() + " (expected: 2 to 8)");
        }
        if (grid.groupSize() != 0 && cols % grid.groupSize() != 0) {
            return Optional.of("%s: %d columns (expected: a multiple of grid.groupSize %d)"
                    .formatted(linear, cols, grid.groupSize()));
        }
        if ((long) rows * cols > Integer.MAX_VALUE - Long.BYTES) {
            return Optional.of(linear + ": " + (long) rows * cols + " weights (expected: less than 2^31)");
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
        return tensors(linear, rows, cols, grid, scaleType);
    }

    /** They follow from the shape. */
    List<OutputTensor> tensors(LinearId linear, int rows, int cols, IntegerShape grid, StoredType scaleType) {
        long groups = grid.groups(cols);
        List<OutputTensor> tensors = new ArrayList<>();
        tensors.add(new OutputTensor(linear + PACKED, StoredType.I32, List.of((long) rows, words(cols, grid.bits()))));
        tensors.add(new OutputTensor(linear + Scales.NAME, scaleType, List.of((long) rows, groups)));
        tensors.add(WeightShape.tensor(linear));
        if (!grid.symmetric()) {
            tensors.add(
                    new OutputTensor(linear + ZERO_POINT, StoredType.I32, List.of(words(rows, grid.bits()), groups)));
        }
        return tensors;
    }

    @Override
    public long bytes(int rows, int cols, IntegerShape grid, StoredType scaleType, long kept) {
        return tensors(new LinearId("", ""), rows, cols, grid, scaleType).stream()
                .mapToLong(OutputTensor::bytes)
                .sum();
    }

    private static long words(int codes, int bits) {
        return packing(bits).rowBytes(codes) / Integer.BYTES;
    }

    /** How codes are packed: rows end at 32-bit words. */
    static BitPacking packing(int bits) {
        return new BitPacking(bits, Integer.BYTES);
    }

    @Override
    public void write(CompressedLinear linear, StoredType scaleType, TensorSink sink) throws IOException {
        int rows = linear.rows();
        int cols = linear.cols();
        switch (linear.core()) {
            case IntegerGrid grid -> {
                BitPacking packing = packing(grid.bits());
                byte[] packed = packing.pack(grid.codes(), 0, rows, cols);
                sink.accept(linear.id() + PACKED, MemorySegment.ofArray(packed).asSlice(0, packing.bytes(rows, cols)));
                String scales = linear.id() + Scales.NAME;
                sink.accept(scales, Scales.encode(scales, grid.scales(), scaleType));
                sink.accept(linear.id() + WeightShape.NAME, new WeightShape(rows, cols).bytes());
                if (!grid.symmetric()) {
                    byte[] zeros = Columns.pack(grid.zeros(), rows, linear.groups(), grid.bits());
                    sink.accept(linear.id() + ZERO_POINT, MemorySegment.ofArray(zeros));
                }
            }
        }
    }

    @Override
    public CompressedLinear read(Checkpoint output, LinearId linear, IntegerShape grid) {
        return new PackedReader(output, linear, grid).read(this);
    }

    @Override
    public List<String> modules(Checkpoint output) {
        return output.tensorNames().stream()
                .filter(name -> name.endsWith(PACKED))
                .map(name -> name.substring(0, name.length() - PACKED.length()))
                .sorted()
                .toList();
    }

    @Override
    public WeightBytes weightBytes(Checkpoint output, LinearId linear) {
        return new WeightBytes(
                0,
                TensorChecks.bytes(output, linear + PACKED),
                TensorChecks.bytes(output, linear + Scales.NAME),
                TensorChecks.bytes(output, linear + ZERO_POINT));
    }

    @Override
    public Stream<String> names(LinearId linear) {
        return StatedTensors.names(linear);
    }

    @Override
    public Stated stated(Checkpoint result) {
        return new StatedTensors(result, StatedGrids.of(result.config()));
    }

    @Override
    public boolean isForLoaders() {
        return true;
    }

    @Override
    public JsonObject quantizationConfig(GridMap grids) {
        return CompressedTensorsConfig.write(grids);
    }

    @Override
    public GridMap grids(JsonObject quantizationConfig, List<LinearId> linears) {
        return CompressedTensorsConfig.read(quantizationConfig, linears);
    }
}
