package dev.quern.engine.backend.host;

/** bf16 and f16 bits, rounded once, half to even, from float32 or float64. NaN stays NaN, overflow becomes infinity. */
public final class SmallFloats {
    private SmallFloats() {}

    public static float bf16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    public static short floatToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            // The upper half of a NaN alone may be the bits of infinity: the quiet bit keeps it a NaN.
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }

    public static short doubleToBf16(double value) {
        return floatToBf16(roundToOdd(value));
    }

    public static short doubleToF16(double value) {
        return Float.floatToFloat16(roundToOdd(value));
    }

    /**
     * A float32 from which rounding to 22 bits or fewer gives what rounding the float64 itself would: inexact values
     * get an odd last bit, so none of them can look like a tie. (Boldo and Melquiond, "Emulation of FMA and correctly
     * rounded sums", 2008.)
     */
    private static float roundToOdd(double value) {
        float nearest = (float) value;
        if (Double.isNaN(value) || nearest == value) {
            return nearest;
        }
        int bits = Float.floatToRawIntBits(nearest);
        int truncated = Math.abs((double) nearest) > Math.abs(value) ? bits - 1 : bits;
        return Float.intBitsToFloat(truncated | 1);
    }
}
