package dev.quern.engine.backend.host;

/**
 * The scales that bf16 and f16 both hold exactly (FORMATS.md 0.3): 8 bits of significand, from the smallest normal f16 to the largest
 * value of 8 bits that f16 reaches.
 */
public final class ExactScales {
    public static final float SMALLEST = 0x1p-14f;
    public static final float LARGEST = 0xFFp8f;
    /** The bits of a float that a bf16 keeps. */
    private static final int KEPT = 0xFFFF0000;

    private static final int ONE_STEP = 0x10000;

    private ExactScales() {}

    /** The largest one that is not above a positive scale, else the smallest. */
    public static float below(double scale) {
        if (scale >= LARGEST) {
            return LARGEST;
        }
        if (scale <= SMALLEST) {
            return SMALLEST;
        }
        float nearest = (float) scale;
        float floor = nearest > scale ? Math.nextDown(nearest) : nearest;
        return Float.intBitsToFloat(Float.floatToRawIntBits(floor) & KEPT);
    }

    /** The smallest one that is not below a positive scale, else the largest. */
    public static float above(double scale) {
        float below = below(scale);
        if (below >= scale || below == LARGEST) {
            return below;
        }
        return Float.intBitsToFloat(Float.floatToRawIntBits(below) + ONE_STEP);
    }

    /** The one nearest to a positive scale; the smaller of two. */
    public static float nearest(double scale) {
        float below = below(scale);
        float above = above(scale);
        return scale - below <= above - scale ? below : above;
    }
}
