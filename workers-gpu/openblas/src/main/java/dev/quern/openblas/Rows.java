package dev.quern.openblas;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.SmallFloats;
import java.lang.foreign.MemorySegment;

/** Rows of tensors in and out of arrays, which the JVM's compiler turns into vector code. A row stays in the first-level cache. */
final class Rows {
    private Rows() {}

    /** Reads F32, BF16 or F16. */
    static void read(HostTensor source, int row, float[] target) {
        MemorySegment memory = source.memory();
        long at = source.byteAt(row, 0);
        int n = source.cols();
        switch (source.dtype()) {
            case F32 -> MemorySegment.copy(memory, JAVA_FLOAT_UNALIGNED, at, target, 0, n);
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = SmallFloats.bf16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at + 2L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = Float.float16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at + 2L * i));
                }
            }
            default -> throw unexpected(source.dtype());
        }
    }

    /** Writes F32, BF16 or F16. */
    static void write(float[] source, HostTensor target, int row) {
        MemorySegment memory = target.memory();
        long at = target.byteAt(row, 0);
        int n = target.cols();
        switch (target.dtype()) {
            case F32 -> MemorySegment.copy(source, 0, memory, JAVA_FLOAT_UNALIGNED, at, n);
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    memory.set(JAVA_SHORT_UNALIGNED, at + 2L * i, SmallFloats.floatToBf16(source[i]));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    memory.set(JAVA_SHORT_UNALIGNED, at + 2L * i, Float.floatToFloat16(source[i]));
                }
            }
            default -> throw unexpected(target.dtype());
        }
    }

    /** Reads any dtype. */
    static void read(HostTensor source, int row, double[] target) {
        MemorySegment memory = source.memory();
        long at = source.byteAt(row, 0);
        int n = source.cols();
        switch (source.dtype()) {
            case F64 -> MemorySegment.copy(memory, JAVA_DOUBLE_UNALIGNED, at, target, 0, n);
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = memory.get(JAVA_FLOAT_UNALIGNED, at + 4L * i);
                }
            }
            case BF16 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = SmallFloats.bf16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at + 2L * i));
                }
            }
            case F16 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = Float.float16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, at + 2L * i));
                }
            }
            case I32 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = memory.get(JAVA_INT_UNALIGNED, at + 4L * i);
                }
            }
            case U8 -> {
                for (int i = 0; i < n; i++) {
                    target[i] = memory.get(JAVA_BYTE, at + i) & 0xFF;
                }
            }
        }
    }

    /** Writes any dtype, rounding once. */
    static void write(double[] source, HostTensor target, int row) {
        MemorySegment memory = target.memory();
        long at = target.byteAt(row, 0);
        int n = target.cols();
        switch (target.dtype()) {
            case F64 -> MemorySegment.copy(source, 0, memory, JAVA_DOUBLE_UNALIGNED, at, n);
            case F32 -> {
                for (int i = 0; i < n; i++) {
                    memory.set(JAVA_FLOAT_UNALIGNED, at + 4L * i, (float) source[i]);
                }
            }
            default -> target.setRow(row, source);
        }
    }

    private static IllegalArgumentException unexpected(DType dtype) {
        return new IllegalArgumentException("dtype: " + dtype + " (expected: F32, BF16 or F16)");
    }
}
