package dev.quern.engine.mask;

import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Which weights of a linear are kept, in host memory. A weight of zero may be kept, so weights do not say it.
 *
 * @param kept bit {@code row * cols + col}
 */
public record Mask(int rows, int cols, BitSet kept) {
    /** @param mask U8 [rows, cols], 1 for what is kept */
    public static Mask of(Memory memory, Tensor mask) {
        byte[] marks = new byte[Math.multiplyExact(mask.rows(), mask.cols())];
        memory.download(mask, MemorySegment.ofArray(marks));
        BitSet kept = new BitSet(marks.length);
        for (int i = 0; i < marks.length; i++) {
            kept.set(i, marks[i] != 0);
        }
        return new Mask(mask.rows(), mask.cols(), kept);
    }

    public boolean keeps(int row, int col) {
        return kept.get(row * cols + col);
    }

    /** How many weights are kept among the columns {@code [from, to)} of a row. */
    public int count(int row, int from, int to) {
        return kept.get(row * cols + from, row * cols + to).cardinality();
    }

    /** The share of weights that are not kept. */
    public double sparsity() {
        return 1 - kept.cardinality() / ((double) rows * cols);
    }
}
