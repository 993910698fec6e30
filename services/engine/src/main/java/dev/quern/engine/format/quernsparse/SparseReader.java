package dev.quern.engine.format.quernsparse;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.BitPacking;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import java.util.Arrays;
import java.util.List;

/** Reads one linear back, believing nothing: shapes, types, offsets, codes and padding are checked on the way. */
final class SparseReader {
    private final Checkpoint output;
    private final LinearId linear;
    private final IntegerShape grid;

    SparseReader(Checkpoint output, LinearId linear, IntegerShape grid) {
        this.output = output;
        this.linear = linear;
        this.grid = grid;
    }

    CompressedLinear read(QuernSparse format) {
        WeightShape shape = WeightShape.read(output, linear);
        int rows = shape.rows();
        int cols = shape.cols();
        format.refusal(linear, rows, cols, grid).ifPresent(reason -> {
            throw damaged(reason);
        });
        Runs runs = new Runs(rows, cols);
        // First: they tell whether so many groups can be there before memory is taken for anything else.
        float[] scales = new StoredScales(output, linear, runs, grid.groups(cols)).read();
        byte[] zeros = zeros(rows, grid.groups(cols));
        IntegerGrid core =
                new IntegerGrid(grid.bits(), grid.groupSize(), grid.symmetric(), codes(runs, zeros), zeros, scales);
        return new CompressedLinear(linear, rows, cols, core);
    }

    private byte[] zeros(int rows, int groups) {
        String name = linear + QuernSparse.ZERO_POINT;
        if (grid.symmetric()) {
            TensorChecks.refuse(output, name, "symmetric grids");
            byte[] zeros = new byte[Math.multiplyExact(rows, groups)];
            Arrays.fill(zeros, (byte) (1 << (grid.bits() - 1)));
            return zeros;
        }
        BitPacking packing = grid.packing();
        List<Long> shape = List.of((long) rows, (long) packing.rowBytes(groups));
        TensorChecks.require(output, new OutputTensor(name, StoredType.U8, shape));
        byte[] packed = TensorChecks.withSlack(output.tensor(name));
        if (!packing.isPaddingZero(packed, rows, groups)) {
            throw damaged(name + ": bits after the last code of a row (expected: zeros)");
        }
        return packing.unpack(packed, rows, groups);
    }

    private byte[] codes(Runs runs, byte[] zeros) {
        CodedStreams codes = CodedStreams.open(output, linear + QuernSparse.CODES, runs.count(), grid.bits());
        String mask = linear + QuernSparse.MASK;
        if (output.has(mask)) {
            return sparse(CodedStreams.open(output, mask, runs.count(), Byte.SIZE), codes, runs, zeros);
        }
        for (String suffix : List.of(QuernSparse.OFFSETS, QuernSparse.LENGTHS)) {
            TensorChecks.refuse(output, mask + suffix, "codes without a mask");
        }
        return dense(codes, runs);
    }

    private static byte[] dense(CodedStreams streams, Runs runs) {
        streams.requireRoom((long) runs.rows() * runs.cols());
        byte[] codes = new byte[runs.rows() * runs.cols()];
        byte[] own = new byte[runs.length() * runs.cols()];
        for (int run = 0; run < runs.count(); run++) {
            int count = (runs.end(run) - runs.first(run)) * runs.cols();
            streams.read(run, count, own);
            System.arraycopy(own, 0, codes, runs.first(run) * runs.cols(), count);
        }
        return codes;
    }

    private byte[] sparse(CodedStreams masks, CodedStreams streams, Runs runs, byte[] zeros) {
        int rowBytes = Split.maskBytes(runs.cols());
        masks.requireRoom((long) runs.rows() * rowBytes);
        byte[] codes = new byte[runs.rows() * runs.cols()];
        byte[] mask = new byte[runs.length() * rowBytes];
        byte[] kept = new byte[runs.length() * runs.cols() + BitPacking.SLACK];
        byte[] row = new byte[rowBytes * Byte.SIZE];
        for (int run = 0; run < runs.count(); run++) {
            int rows = runs.end(run) - runs.first(run);
            masks.read(run, rows * rowBytes, mask);
            streams.read(run, ones(mask, rows, runs, run), kept);
            int at = 0;
            for (int r = 0; r < rows; r++) {
                int whole = runs.first(run) + r;
                Split.fillZeros(zeros, whole, runs.cols(), grid.columns(runs.cols()), row);
                at = Split.joinRow(mask, r * rowBytes, kept, at, row);
                System.arraycopy(row, 0, codes, whole * runs.cols(), runs.cols());
            }
        }
        return codes;
    }

    /** Weights that the mask of a run keeps. */
    private int ones(byte[] mask, int rows, Runs runs, int run) {
        int rowBytes = Split.maskBytes(runs.cols());
        int beyond = rowBytes * Byte.SIZE - runs.cols();
        int ones = 0;
        for (int r = 0; r < rows; r++) {
            for (int m = r * rowBytes; m < (r + 1) * rowBytes; m++) {
                ones += Integer.bitCount(mask[m] & 0xFF);
            }
            if ((mask[(r + 1) * rowBytes - 1] & 0xFF) >>> (Byte.SIZE - beyond) != 0) {
                throw damaged("%s: row %d: bits after the last column (expected: zeros)"
                        .formatted(linear + QuernSparse.MASK, runs.first(run) + r));
            }
        }
        return ones;
    }
}
