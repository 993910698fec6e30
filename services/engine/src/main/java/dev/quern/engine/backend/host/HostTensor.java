package dev.quern.engine.backend.host;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.Shapes;
import java.lang.foreign.MemorySegment;

/**
 * A matrix in host memory. Element (r, c) lies at byte {@code (offset + r * stride + c) * dtype.bytes()} of
 * {@link #memory}. Nothing is assumed about alignment: a mapped checkpoint guarantees none.
 */
public final class HostTensor implements Tensor {
    private final MemorySegment memory;
    private final DType dtype;
    private final int rows;
    private final int cols;
    private final long offset;
    private final long stride;

    HostTensor(MemorySegment memory, DType dtype, int rows, int cols, long offset, long stride) {
        this.memory = memory;
        this.dtype = dtype;
        this.rows = rows;
        this.cols = cols;
        this.offset = offset;
        this.stride = stride;
    }

    /** A tensor over memory that somebody else owns: row-major, without gaps. */
    public static HostTensor over(MemorySegment memory, DType dtype, int rows, int cols) {
        Shapes.check("rows", rows, rows >= 0, ">= 0");
        Shapes.check("cols", cols, cols >= 0, ">= 0");
        long bytes = (long) rows * cols * dtype.bytes();
        Shapes.check("source bytes", memory.byteSize(), memory.byteSize() >= bytes, ">= " + bytes);
        return new HostTensor(memory, dtype, rows, cols, 0, cols);
    }

    /** @throws IllegalArgumentException for a tensor of another device */
    public static HostTensor of(Tensor tensor) {
        if (tensor instanceof HostTensor host) {
            return host;
        }
        throw new IllegalArgumentException("tensor: " + tensor.getClass().getName() + " (expected: host memory)");
    }

    public MemorySegment memory() {
        return memory;
    }

    @Override
    public DType dtype() {
        return dtype;
    }

    @Override
    public int rows() {
        return rows;
    }

    @Override
    public int cols() {
        return cols;
    }

    /** Elements from the start of a row to the start of the next. */
    public long stride() {
        return stride;
    }

    /** The first byte of element (row, col) in {@link #memory}. */
    public long byteAt(int row, int col) {
        return (offset + row * stride + col) * dtype.bytes();
    }

    /** True when the rows follow each other without gaps. */
    public boolean isDense() {
        return stride == cols || rows <= 1;
    }

    @Override
    public HostTensor rows(int from, int to) {
        Shapes.range("rows", from, to, rows);
        return new HostTensor(memory, dtype, to - from, cols, offset + from * stride, stride);
    }

    @Override
    public HostTensor cols(int from, int to) {
        Shapes.range("cols", from, to, cols);
        return new HostTensor(memory, dtype, rows, to - from, offset + from, stride);
    }

    /** One element, exactly; any dtype. */
    public double get(int row, int col) {
        long at = byteAt(row, col);
        return switch (dtype) {
            case F64 -> memory.get(JAVA_DOUBLE_UNALIGNED, at);
            case F32 -> memory.get(JAVA_FLOAT_UNALIGNED, at);
            case BF16 -> SmallFloats.bf16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at));
            case F16 -> Float.float16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at));
            case I32 -> memory.get(JAVA_INT_UNALIGNED, at);
            case U8 -> memory.get(JAVA_BYTE, at) & 0xFF;
        };
    }

    /** Sets one element, rounded half to even to the dtype; integers must fit. */
    public void set(int row, int col, double value) {
        long at = byteAt(row, col);
        switch (dtype) {
            case F64 -> memory.set(JAVA_DOUBLE_UNALIGNED, at, value);
            case F32 -> memory.set(JAVA_FLOAT_UNALIGNED, at, (float) value);
            case BF16 -> memory.set(JAVA_SHORT_UNALIGNED, at, SmallFloats.doubleToBf16(value));
            case F16 -> memory.set(JAVA_SHORT_UNALIGNED, at, SmallFloats.doubleToF16(value));
            case I32 -> memory.set(JAVA_INT_UNALIGNED, at, (int) value);
            case U8 -> memory.set(JAVA_BYTE, at, (byte) (int) value);
        }
    }

    /** The elements of one row as float64. */
    public double[] row(int row) {
        double[] values = new double[cols];
        for (int c = 0; c < cols; c++) {
            values[c] = get(row, c);
        }
        return values;
    }

    /** Stores the first {@code cols} values as one row. */
    public void setRow(int row, double[] values) {
        for (int c = 0; c < cols; c++) {
            set(row, c, values[c]);
        }
    }

    /** Adds the terms, in their order and in float64, to the element of a [1, 1]. */
    public void addSum(double[] terms) {
        double sum = 0;
        for (double term : terms) {
            sum += term;
        }
        set(0, 0, get(0, 0) + sum);
    }

    /** The elements of a vector [1, n] of I32. */
    public int[] ints() {
        Shapes.dtype("indices", this, DType.I32);
        int[] values = new int[cols];
        for (int c = 0; c < cols; c++) {
            values[c] = memory.get(JAVA_INT_UNALIGNED, byteAt(0, c));
        }
        return values;
    }

    @Override
    public String toString() {
        return dtype + "[" + rows + ", " + cols + "]";
    }
}
