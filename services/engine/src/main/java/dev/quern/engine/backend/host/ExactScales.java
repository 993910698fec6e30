package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;

/**
 * The scales that results may have (docs/adr/0020-scales-of-small-weights.md): at most 8 bits of significand, so that
 * bf16, f16 and float32 all hold the ordinary ones, and within what the checkpoint's dtype holds. Below its smallest
 * normal value f16 has steps of 2^-24.
 */
public final class ExactScales {
    private static final int SIGNIFICAND = 8;

    private final int lowestStep;
    private final double smallest;
    private final double largest;
    private final double largestWeight;

    private ExactScales(int lowestStep, double smallest, double largest, double largestWeight) {
        this.lowestStep = lowestStep;
        this.smallest = smallest;
        this.largest = largest;
        this.largestWeight = largestWeight;
    }

    /** @param stored dtype of the checkpoint's weights, in which loaders hold scales and decoded weights */
    public static ExactScales of(DType stored) {
        return switch (stored) {
            case F16 -> new ExactScales(-24, 0x1p-24, 0xFFp8, 65504);
            case BF16 -> new ExactScales(Double.MIN_EXPONENT, Float.MIN_NORMAL, 0xFFp120, 0xFFp120);
            // Scales travel as float32.
            case F32, F64 -> new ExactScales(Double.MIN_EXPONENT, Float.MIN_NORMAL, 0xFFp120, Float.MAX_VALUE);
            case I32, U8 -> throw new IllegalArgumentException("stored: " + stored + " (expected: a float type)");
        };
    }

    /** The largest magnitude that a weight may be decoded to. */
    public double largestWeight() {
        return largestWeight;
    }

    /** The largest one that is not above a positive scale, else the smallest. */
    public float below(double scale) {
        double step = step(scale);
        return (float) Math.clamp(Math.floor(scale / step) * step, smallest, largest);
    }

    /** The smallest one that is not below a positive scale, else the largest. */
    public float above(double scale) {
        double step = step(scale);
        return (float) Math.clamp(Math.ceil(scale / step) * step, smallest, largest);
    }

    /** The one nearest to a positive scale; the smaller of two. */
    public float nearest(double scale) {
        float below = below(scale);
        float above = above(scale);
        return scale - below <= above - scale ? below : above;
    }

    private double step(double scale) {
        return Math.scalb(1.0, Math.max(Math.getExponent(scale) - SIGNIFICAND + 1, lowestStep));
    }
}
