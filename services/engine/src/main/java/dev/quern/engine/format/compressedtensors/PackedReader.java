package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Reads one linear back, believing nothing: shapes, types, padding and scales are checked on the way. */
final class PackedReader {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Checkpoint output;
    private final LinearId linear;
    private final IntegerShape grid;

    PackedReader(Checkpoint output, LinearId linear, IntegerShape grid) {
        this.output = output;
        this.linear = linear;
        this.grid = grid;
    }

    CompressedLinear read(CompressedTensors format) {
        List<Long> shape = shape();
        int rows = Math.toIntExact(shape.getFirst());
        int cols = Math.toIntExact(shape.getLast());
        format.refusal(linear, rows, cols, grid).ifPresent(reason -> {
            throw damaged(reason);
        });
        StoredType scaleType = output.entry(linear + CompressedTensors.SCALE).type();
        format.tensors(linear, rows, cols, grid, scaleType).forEach(this::check);
        refusePresent(".weight");
        if (grid.symmetric()) {
            refusePresent(CompressedTensors.ZERO_POINT);
        }
        return new CompressedLinear(
                linear,
                rows,
                cols,
                new IntegerGrid(
                        grid.bits(),
                        grid.groupSize(),
                        grid.symmetric(),
                        codes(rows, cols),
                        zeros(rows, grid.groups(cols)),
                        scales(scaleType)));
    }

    private List<Long> shape() {
        StoredTensor tensor = output.tensor(linear + CompressedTensors.SHAPE);
        if (tensor.type() != StoredType.I64 || !tensor.shape().equals(List.of(2L))) {
            throw damaged("%s: %s %s (expected: I64 [2])".formatted(tensor.name(), tensor.type(), tensor.shape()));
        }
        List<Long> shape = List.of(tensor.data().get(LONG, 0), tensor.data().get(LONG, Long.BYTES));
        if (shape.stream().anyMatch(extent -> extent < 1 || extent > Integer.MAX_VALUE)) {
            throw damaged(tensor.name() + ": " + shape + " (expected: rows and columns)");
        }
        return shape;
    }

    private void check(OutputTensor expected) {
        TensorEntry found = output.entry(expected.name());
        if (found.type() != expected.type() || !found.shape().equals(expected.shape())) {
            throw damaged("%s: %s %s (expected: %s %s)"
                    .formatted(expected.name(), found.type(), found.shape(), expected.type(), expected.shape()));
        }
    }

    private void refusePresent(String suffix) {
        if (output.has(linear + suffix)) {
            throw damaged(
                    linear + suffix + ": present (expected: no such tensor beside " + CompressedTensors.PACKED + ")");
        }
    }

    private byte[] codes(int rows, int cols) {
        byte[] packed = withSlack(output.tensor(linear + CompressedTensors.PACKED));
        BitPacking packing = CompressedTensors.packing(grid.bits());
        if (!packing.isPaddingZero(packed, rows, cols)) {
            throw damaged(linear + CompressedTensors.PACKED + ": bits after the last code of a row (expected: zeros)");
        }
        return packing.unpack(packed, rows, cols);
    }

    private byte[] zeros(int rows, int groups) {
        if (grid.symmetric()) {
            byte[] zeros = new byte[Math.multiplyExact(rows, groups)];
            Arrays.fill(zeros, (byte) (1 << (grid.bits() - 1)));
            return zeros;
        }
        StoredTensor tensor = output.tensor(linear + CompressedTensors.ZERO_POINT);
        byte[] words = tensor.data().toArray(ValueLayout.JAVA_BYTE);
        if (!Columns.isPaddingZero(words, rows, groups, grid.bits())) {
            throw damaged(tensor.name() + ": bits after the last code of a column (expected: zeros)");
        }
        return Columns.unpack(words, rows, groups, grid.bits());
    }

    private float[] scales(StoredType type) {
        StoredTensor tensor = output.tensor(linear + CompressedTensors.SCALE);
        if (!type.isWeight()) {
            throw damaged(tensor.name() + ": " + type + " (expected: BF16, F16 or F32)");
        }
        float[] scales = Scales.decode(tensor);
        for (int i = 0; i < scales.length; i++) {
            if (!(scales[i] > 0) || Float.isInfinite(scales[i])) {
                throw damaged(tensor.name() + "[" + i + "]: " + scales[i] + " (expected: positive and finite)");
            }
        }
        return scales;
    }

    private static byte[] withSlack(StoredTensor tensor) {
        int length = Math.toIntExact(tensor.data().byteSize());
        byte[] bytes = new byte[length + BitPacking.SLACK];
        MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }

    private QuernException damaged(String message) {
        return new QuernException(ErrorCode.OUTPUT_DAMAGED, message);
    }
}
