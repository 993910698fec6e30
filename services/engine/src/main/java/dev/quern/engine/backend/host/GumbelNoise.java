package dev.quern.engine.backend.host;

/**
 * Random numbers without a state, for {@link dev.quern.engine.backend.Gradients#sampleLabels}: the noise of index i at
 * a token is number i of the generator SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), seeded with a hash of seed and
 * token. 52 bits become u, a uniform number in the middle of its step, and the noise is {@code -ln(-ln u)}.
 */
public final class GumbelNoise {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final double STEP = 0x1p-52;
    private static final double LN_2 = 0.6931471805599453;
    /** More than the roundings of noise and bound together. */
    private static final double SLACK = 1e-9;

    private final long start;

    /** @param token in the whole text */
    public GumbelNoise(long seed, long token) {
        this.start = mix(mix(seed + GAMMA) + token * GAMMA);
    }

    /** The variant 13 of Stafford, as in SplitMix64. */
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }

    private long bits(int index) {
        return mix(start + (index + 1L) * GAMMA) >>> 12;
    }

    /** The noise of an index. StrictMath, whose bits are the same on every machine. */
    public double at(int index) {
        double u = (bits(index) + 0.5) * STEP;
        return -StrictMath.log(-StrictMath.log(u));
    }

    /**
     * Not less than the noise, and less than 2.1 above it, without a logarithm: {@code -ln(-ln u) <= -ln(1 - u)}, and
     * of that logarithm the position of the highest bit is enough.
     */
    public double bound(int index) {
        long complement = (1L << 52) - bits(index);
        return LN_2 * (Long.numberOfLeadingZeros(complement) - 10) + SLACK;
    }
}
