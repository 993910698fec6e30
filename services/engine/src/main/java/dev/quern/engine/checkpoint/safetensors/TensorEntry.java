package dev.quern.engine.checkpoint.safetensors;

import java.util.List;

/**
 * A tensor as a header declares it.
 *
 * @param shape row-major; empty for a scalar
 * @param begin first byte, relative to the data section
 * @param end one past the last byte
 */
public record TensorEntry(String name, StoredType type, List<Long> shape, long begin, long end) {
    public TensorEntry {
        shape = List.copyOf(shape);
    }

    public long bytes() {
        return end - begin;
    }

    public long elements() {
        return elements(shape);
    }

    /** @throws ArithmeticException when the product overflows */
    static long elements(List<Long> shape) {
        long product = 1;
        for (long extent : shape) {
            product = Math.multiplyExact(product, extent);
        }
        return product;
    }

    /** @throws ArithmeticException when the product overflows, or the elements do not fill whole bytes */
    static long bytes(StoredType type, List<Long> shape) {
        long bits = Math.multiplyExact(elements(shape), (long) type.bits());
        if (bits % Byte.SIZE != 0) {
            throw new ArithmeticException(bits + " bits");
        }
        return bits / Byte.SIZE;
    }
}
