package dev.quern.openblas.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.SmallFloats;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Rows of tensors in and out of arrays; a row stays in the first-level cache. What is converted is copied as it is, a
 * piece at a time, and converted between arrays: such a loop becomes vector code at once, while one over the elements
 * of a segment is compiled and thrown away dozens of times before it stays, and interpreted in between.
 */
public final class Rows {
    private static final int PIECE = 1024;
    /** The same memory again and again: new arrays would pass through all caches. */
    private static final ThreadLocal<Rows> PIECES = ThreadLocal.withInitial(Rows::new);

    private final float[] floats = new float[PIECE];
    private final short[] bits = new short[PIECE];

    private Rows() {}

    /** Reads F32, BF16 or F16. */
    public static void read(HostTensor source, int row, float[] target) {
        if (source.dtype() == DType.F32) {
            MemorySegment.copy(source.memory(), JAVA_FLOAT_UNALIGNED, source.byteAt(row, 0), target, 0, source.cols());
            return;
        }
        Rows pieces = PIECES.get();
        for (int col = 0; col < source.cols(); col += PIECE) {
            int count = Math.min(PIECE, source.cols() - col);
            pieces.readHalves(source, row, col, target, col, count);
        }
    }

    /** Reads U8. */
    public static void read(HostTensor source, int row, byte[] target) {
        MemorySegment.copy(source.memory(), JAVA_BYTE, source.byteAt(row, 0), target, 0, target.length);
    }

    /** Writes U8. */
    public static void write(byte[] source, HostTensor target, int row) {
        MemorySegment.copy(source, 0, target.memory(), JAVA_BYTE, target.byteAt(row, 0), source.length);
    }

    /** Reads any dtype. */
    public static void read(HostTensor source, int row, double[] target) {
        switch (source.dtype()) {
            case F64 ->
                MemorySegment.copy(
                        source.memory(), JAVA_DOUBLE_UNALIGNED, source.byteAt(row, 0), target, 0, source.cols());
            case F32, BF16, F16 -> {
                Rows pieces = PIECES.get();
                for (int col = 0; col < source.cols(); col += PIECE) {
                    int count = Math.min(PIECE, source.cols() - col);
                    pieces.readFloats(source, row, col, count);
                    widen(pieces.floats, target, col, count);
                }
            }
            default -> {
                for (int i = 0; i < source.cols(); i++) {
                    target[i] = source.get(row, i);
                }
            }
        }
    }

    /** Writes F32, BF16 or F16. */
    public static void write(float[] source, HostTensor target, int row) {
        if (target.dtype() == DType.F32) {
            MemorySegment.copy(source, 0, target.memory(), JAVA_FLOAT_UNALIGNED, target.byteAt(row, 0), target.cols());
            return;
        }
        short[] bits = PIECES.get().bits;
        for (int col = 0; col < target.cols(); col += PIECE) {
            int count = Math.min(PIECE, target.cols() - col);
            switch (target.dtype()) {
                case BF16 -> toBf16(source, col, bits, count);
                case F16 -> toF16(source, col, bits, count);
                default -> throw unexpected(target.dtype());
            }
            MemorySegment.copy(bits, 0, target.memory(), JAVA_SHORT_UNALIGNED, target.byteAt(row, col), count);
        }
    }

    /** Writes any dtype, rounding once. */
    public static void write(double[] source, HostTensor target, int row) {
        write(source, 0, target, row);
    }

    /** The same from an element of the array on. */
    static void write(double[] source, int from, HostTensor target, int row) {
        switch (target.dtype()) {
            case F64 ->
                MemorySegment.copy(
                        source, from, target.memory(), JAVA_DOUBLE_UNALIGNED, target.byteAt(row, 0), target.cols());
            case F32 -> {
                float[] floats = PIECES.get().floats;
                for (int col = 0; col < target.cols(); col += PIECE) {
                    int count = Math.min(PIECE, target.cols() - col);
                    narrow(source, from + col, floats, count);
                    MemorySegment.copy(
                            floats, 0, target.memory(), JAVA_FLOAT_UNALIGNED, target.byteAt(row, col), count);
                }
            }
            case BF16, F16 -> writeHalves(source, from, target, row);
            default -> target.setRow(row, Arrays.copyOfRange(source, from, from + target.cols()));
        }
    }

    private static void writeHalves(double[] source, int from, HostTensor target, int row) {
        short[] bits = PIECES.get().bits;
        for (int col = 0; col < target.cols(); col += PIECE) {
            int count = Math.min(PIECE, target.cols() - col);
            if (target.dtype() == DType.BF16) {
                toBf16(source, from + col, bits, count);
            } else {
                toF16(source, from + col, bits, count);
            }
            MemorySegment.copy(bits, 0, target.memory(), JAVA_SHORT_UNALIGNED, target.byteAt(row, col), count);
        }
    }

    private void readFloats(HostTensor source, int row, int col, int count) {
        if (source.dtype() == DType.F32) {
            MemorySegment.copy(source.memory(), JAVA_FLOAT_UNALIGNED, source.byteAt(row, col), floats, 0, count);
        } else {
            readHalves(source, row, col, floats, 0, count);
        }
    }

    /** Reads BF16 or F16 from a column of a row on. */
    private void readHalves(HostTensor source, int row, int col, float[] target, int at, int count) {
        MemorySegment.copy(source.memory(), JAVA_SHORT_UNALIGNED, source.byteAt(row, col), bits, 0, count);
        switch (source.dtype()) {
            case BF16 -> fromBf16(bits, target, at, count);
            case F16 -> fromF16(bits, target, at, count);
            default -> throw unexpected(source.dtype());
        }
    }

    private static void fromBf16(short[] bits, float[] target, int at, int count) {
        for (int i = 0; i < count; i++) {
            target[at + i] = SmallFloats.bf16ToFloat(bits[i]);
        }
    }

    private static void fromF16(short[] bits, float[] target, int at, int count) {
        for (int i = 0; i < count; i++) {
            target[at + i] = Float.float16ToFloat(bits[i]);
        }
    }

    private static void toBf16(float[] source, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = SmallFloats.floatToBf16(source[at + i]);
        }
    }

    private static void toF16(float[] source, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = Float.floatToFloat16(source[at + i]);
        }
    }

    private static void toBf16(double[] source, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = SmallFloats.doubleToBf16(source[at + i]);
        }
    }

    private static void toF16(double[] source, int at, short[] bits, int count) {
        for (int i = 0; i < count; i++) {
            bits[i] = SmallFloats.doubleToF16(source[at + i]);
        }
    }

    private static void widen(float[] source, double[] target, int at, int count) {
        for (int i = 0; i < count; i++) {
            target[at + i] = source[i];
        }
    }

    private static void narrow(double[] source, int at, float[] target, int count) {
        for (int i = 0; i < count; i++) {
            target[i] = (float) source[at + i];
        }
    }

    private static IllegalArgumentException unexpected(DType dtype) {
        return new IllegalArgumentException("dtype: " + dtype + " (expected: F32, BF16 or F16)");
    }
}
