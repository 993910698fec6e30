package dev.quern.engine.format.compressedtensors;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/** Reads one linear back, believing nothing: shapes, types, padding and scales are checked on the way. */
final class PackedReader {
    private final Checkpoint output;
    private final LinearId linear;
    private final IntegerShape grid;

    PackedReader(Checkpoint output, LinearId linear, IntegerShape grid) {
        this.output = output;
        this.linear = linear;
        this.grid = grid;
    }

    CompressedLinear read(CompressedTensors format) {
        WeightShape shape = WeightShape.read(output, linear);
        int rows = shape.rows();
        int cols = shape.cols();
        format.refusal(linear, rows, cols, grid).ifPresent(reason -> {
            throw damaged(reason);
        });
        StoredType scaleType = output.entry(linear + Scales.NAME).type();
        format.tensors(linear, rows, cols, grid, scaleType).forEach(tensor -> TensorChecks.require(output, tensor));
        TensorChecks.refuse(output, linear.weight(), CompressedTensors.PACKED);
        if (grid.symmetric()) {
            TensorChecks.refuse(output, linear + CompressedTensors.ZERO_POINT, CompressedTensors.PACKED);
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
                        Scales.read(output, linear)));
    }

    private byte[] codes(int rows, int cols) {
        byte[] packed = TensorChecks.withSlack(output.tensor(linear + CompressedTensors.PACKED));
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
}
