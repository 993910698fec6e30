package dev.quern.engine.backend.host;

/**
 * One of the randomised Hadamard matrices, by the numbers that it follows from.
 *
 * @param size a size with a {@link HadamardFactors factor}
 * @param seed of the signs, as recipes have it
 * @param stream which of the matrices of a seed
 */
public record HadamardSpec(int size, int seed, int stream) {
    /** Weights are turned on both sides in one piece, in float64: more would take too much memory. */
    private static final int LARGEST = 2048;

    /** The largest size that divides a width and has a matrix, 2048 at most. */
    public static int largest(int width) {
        int size = Math.min(width, LARGEST);
        while (width % size != 0 || HadamardFactors.of(size).isEmpty()) {
            size--;
        }
        return size;
    }

    /** 1 or -1, as many as the size. */
    public double[] signs() {
        double[] signs = new double[size];
        for (int i = 0; i < size; i++) {
            signs[i] = sign(((long) seed << Integer.SIZE) + ((long) stream << (Integer.SIZE - 1)) + i);
        }
        return signs;
    }

    /** @throws IllegalArgumentException for a size without one */
    public double[][] factor() {
        return HadamardFactors.of(size)
                .orElseThrow(() ->
                        new IllegalArgumentException("size: " + size + " (expected: " + HadamardFactors.sizes() + ")"));
    }

    /** Throws as {@link #factor}. */
    public Hadamard matrix() {
        return new Hadamard(signs(), factor());
    }

    /** A fair coin for each number: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
    private static double sign(long number) {
        long bits = (number + 1) * 0x9E3779B97F4A7C15L;
        bits = (bits ^ (bits >>> 30)) * 0xBF58476D1CE4E5B9L;
        bits = (bits ^ (bits >>> 27)) * 0x94D049BB133111EBL;
        return (bits ^ (bits >>> 31)) < 0 ? -1 : 1;
    }
}
