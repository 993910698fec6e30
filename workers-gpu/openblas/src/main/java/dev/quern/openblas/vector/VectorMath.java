package dev.quern.openblas.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * exp and softmax over float32 arrays. The lane operators are IEEE additions, products and fused products only, and the
 * scalar twin for the tail runs the same ones, so an element has the same bits wherever it lies and before and after
 * compilation.
 */
public final class VectorMath {
    private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;

    // exp(x) = 2^n exp(r), n = rint(x / ln 2), |r| <= ln 2 / 2; ln 2 in two parts, and the polynomial of Cephes' expf.
    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -2.1219444e-4f;
    private static final float C5 = 1.9875691e-4f;
    private static final float C4 = 1.3981999e-3f;
    private static final float C3 = 8.333452e-3f;
    private static final float C2 = 4.1665796e-2f;
    private static final float C1 = 0.16666666f;
    private static final float C0 = 0.5f;
    /** Adding 1.5 * 2^23 leaves no bits behind the point: the integer is in the low bits. */
    private static final float TO_INTEGER = 12582912f;

    private static final int TO_INTEGER_BITS = Float.floatToRawIntBits(TO_INTEGER);
    /** exp is 0 below and infinite above. */
    private static final float LOWEST = -104f;

    private static final float HIGHEST = 89f;

    private VectorMath() {}

    /**
     * {@code target[i] = exp(factor * (x[i] - shift))} for i below n; within 2 units in the last place of the float
     * argument's.
     */
    static void exp(float[] x, float factor, float shift, float[] target, int n) {
        int i = 0;
        for (int end = FLOATS.loopBound(n); i < end; i += FLOATS.length()) {
            exp(FloatVector.fromArray(FLOATS, x, i).sub(shift).mul(factor)).intoArray(target, i);
        }
        for (; i < n; i++) {
            target[i] = exp((x[i] - shift) * factor);
        }
    }

    private static FloatVector exp(FloatVector argument) {
        FloatVector x = argument.max(LOWEST).min(HIGHEST);
        FloatVector shifted = x.fma(FloatVector.broadcast(FLOATS, LOG2_E), FloatVector.broadcast(FLOATS, TO_INTEGER));
        FloatVector n = shifted.sub(TO_INTEGER);
        FloatVector r = n.fma(FloatVector.broadcast(FLOATS, -LN2_HIGH), x);
        r = n.fma(FloatVector.broadcast(FLOATS, -LN2_LOW), r);
        FloatVector p = FloatVector.broadcast(FLOATS, C5)
                .fma(r, FloatVector.broadcast(FLOATS, C4))
                .fma(r, FloatVector.broadcast(FLOATS, C3))
                .fma(r, FloatVector.broadcast(FLOATS, C2))
                .fma(r, FloatVector.broadcast(FLOATS, C1))
                .fma(r, FloatVector.broadcast(FLOATS, C0));
        p = p.fma(r.mul(r), r).add(1f);
        IntVector exponent = shifted.reinterpretAsInts().sub(TO_INTEGER_BITS);
        // In two steps: 2^128 and 2^-150 are no float32, the product may still be one.
        IntVector half = exponent.lanewise(VectorOperators.ASHR, 1);
        return p.mul(power(half)).mul(power(exponent.sub(half)));
    }

    private static FloatVector power(IntVector exponent) {
        return exponent.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
    }

    /** The scalar twin of the vector code above, operation for operation. */
    static float exp(float argument) {
        float x = Math.min(Math.max(argument, LOWEST), HIGHEST);
        float shifted = Math.fma(x, LOG2_E, TO_INTEGER);
        float n = shifted - TO_INTEGER;
        float r = Math.fma(n, -LN2_HIGH, x);
        r = Math.fma(n, -LN2_LOW, r);
        float p = Math.fma(C5, r, C4);
        p = Math.fma(p, r, C3);
        p = Math.fma(p, r, C2);
        p = Math.fma(p, r, C1);
        p = Math.fma(p, r, C0);
        p = Math.fma(p, r * r, r) + 1f;
        int exponent = Float.floatToRawIntBits(shifted) - TO_INTEGER_BITS;
        int half = exponent >> 1;
        return p * power(half) * power(exponent - half);
    }

    private static float power(int exponent) {
        return Float.intBitsToFloat((exponent + 127) << 23);
    }

    /**
     * {@code target[i] = x[i] / (1 + exp(-x[i])) * factor[i]} for i below n, so 0 where exp(-x) is infinite; target may
     * be an operand.
     */
    static void siluTimes(float[] x, float[] factor, float[] target, int n) {
        int i = 0;
        for (int end = FLOATS.loopBound(n); i < end; i += FLOATS.length()) {
            FloatVector v = FloatVector.fromArray(FLOATS, x, i);
            FloatVector silu = v.div(exp(v.neg()).add(1f));
            silu.mul(FloatVector.fromArray(FLOATS, factor, i)).intoArray(target, i);
        }
        for (; i < n; i++) {
            target[i] = x[i] / (exp(-x[i]) + 1f) * factor[i];
        }
    }

    /**
     * The sigmoid of each element, and what it lacks to 1 without cancellation, for i below n.
     *
     * @param rest also takes exp(-x) on the way
     */
    static void sigmoid(float[] x, float[] target, float[] rest, int n) {
        exp(x, -1f, 0f, rest, n);
        for (int i = 0; i < n; i++) {
            float sigmoid = 1f / (1f + rest[i]);
            target[i] = sigmoid;
            // Where exp(-x) is large its product with the sigmoid could overflow, and the difference is exact enough.
            rest[i] = x[i] > 0f ? rest[i] * sigmoid : 1f - sigmoid;
        }
    }

    /** Softmax of the first n elements, in place. */
    static void softmax(float[] x, int n) {
        exp(x, 1f, max(x, n), x, n);
        float scale = 1 / sum(x, n);
        for (int i = 0; i < n; i++) {
            x[i] *= scale;
        }
    }

    /** The largest of the first n elements; NaN when one is NaN. */
    static float max(float[] x, int n) {
        FloatVector lanes = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        int i = 0;
        for (int end = FLOATS.loopBound(n); i < end; i += FLOATS.length()) {
            lanes = lanes.max(FloatVector.fromArray(FLOATS, x, i));
        }
        float max = lanes.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    /** Lane k sums the elements k, k + lanes, ...; the lanes are folded in halves, then the tail is added. */
    private static float sum(float[] x, int n) {
        FloatVector sums = FloatVector.zero(FLOATS);
        int i = 0;
        for (int end = FLOATS.loopBound(n); i < end; i += FLOATS.length()) {
            sums = sums.add(FloatVector.fromArray(FLOATS, x, i));
        }
        float[] lanes = sums.toArray();
        for (int width = lanes.length / 2; width > 0; width /= 2) {
            for (int k = 0; k < width; k++) {
                lanes[k] += lanes[k + width];
            }
        }
        float sum = lanes[0];
        for (; i < n; i++) {
            sum += x[i];
        }
        return sum;
    }

    public static String lanes() {
        return FLOATS.vectorBitSize() + "-bit vectors";
    }
}
