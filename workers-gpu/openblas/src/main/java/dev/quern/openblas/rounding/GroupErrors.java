package dev.quern.openblas.rounding;

import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.host.GroupFit;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** The weights of one group and the error of putting them on a grid, for the search over scales. */
final class GroupErrors implements GroupFit.StepError {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final float ROUND = 0x1.8p23f;
    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
    /** The bits of sqrt(1/2): a mantissa from here to twice as much lies around 1. */
    private static final int SQRT_HALF_BITS = 0x3F3504F3;
    /** Below this a step's error counts as this much: 6e-8 of a squared step. */
    private static final float NEGLIGIBLE = 0x1p-10f;
    // log2(1 + t) / t on [sqrt(1/2) - 1, sqrt(2) - 1] to 1e-5, and 2^f on [-1/2, 1/2] to 3e-6: together 1e-5 of the
    // power.
    private static final FloatVector LOG0 = constant(1.442703f);
    private static final FloatVector LOG1 = constant(-0.72122353f);
    private static final FloatVector LOG2 = constant(0.47967115f);
    private static final FloatVector LOG3 = constant(-0.36585513f);
    private static final FloatVector LOG4 = constant(0.31982762f);
    private static final FloatVector LOG5 = constant(-0.21153495f);
    private static final FloatVector EXP0 = constant(1.0000001f);
    private static final FloatVector EXP1 = constant(0.693121f);
    private static final FloatVector EXP2 = constant(0.24021865f);
    private static final FloatVector EXP3 = constant(0.055922024f);
    private static final FloatVector EXP4 = constant(0.009685709f);

    private final GridOptions grid;
    private final float[] weights;
    private final float @Nullable [] columns;
    private final float[] importance;
    private final float[] lanes = new float[LANES];
    private double clipped;

    /** @param columns the importance of each column; null sums powers of 2.4 */
    GroupErrors(GridOptions grid, float @Nullable [] columns) {
        this.grid = grid;
        this.weights = new float[Math.ceilDiv(grid.groupSize(), LANES) * LANES];
        this.columns = columns;
        this.importance = new float[weights.length];
    }

    /** Takes the group that begins at this column of a row. Missing lanes are zeros, which every grid holds exactly. */
    void load(float[] row, int from) {
        System.arraycopy(row, from, weights, 0, grid.groupSize());
        if (columns != null) {
            System.arraycopy(columns, from, importance, 0, grid.groupSize());
        }
    }

    float min() {
        FloatVector min = FloatVector.zero(SPECIES);
        for (int i = 0; i < weights.length; i += LANES) {
            min = min.min(FloatVector.fromArray(SPECIES, weights, i));
        }
        min.intoArray(lanes, 0);
        Arrays.sort(lanes);
        return lanes[0];
    }

    float max() {
        FloatVector max = FloatVector.zero(SPECIES);
        for (int i = 0; i < weights.length; i += LANES) {
            max = max.max(FloatVector.fromArray(SPECIES, weights, i));
        }
        max.intoArray(lanes, 0);
        Arrays.sort(lanes);
        return lanes[LANES - 1];
    }

    /** In float32: at most {@code groupSize / LANES} terms are summed in a lane, then the lanes in order. */
    @Override
    public double sum(double scale, int zero) {
        float perStep = (float) (1 / scale);
        float lowest = -zero;
        float highest = grid.top() - zero;
        FloatVector sum = FloatVector.zero(SPECIES);
        FloatVector outside = FloatVector.zero(SPECIES);
        for (int i = 0; i < weights.length; i += LANES) {
            FloatVector steps = FloatVector.fromArray(SPECIES, weights, i).mul(perStep);
            FloatVector within = steps.max(lowest).min(highest);
            FloatVector lost = steps.sub(within.add(ROUND).sub(ROUND));
            FloatVector power = columns == null
                    ? power(lost.abs())
                    : lost.mul(lost).mul(FloatVector.fromArray(SPECIES, importance, i));
            sum = sum.add(power);
            outside = outside.add(power, steps.compare(VectorOperators.NE, within));
        }
        clipped = total(outside);
        return total(sum);
    }

    @Override
    public double clipped() {
        return clipped;
    }

    private double total(FloatVector sums) {
        sums.intoArray(lanes, 0);
        double total = 0;
        for (float lane : lanes) {
            total += lane;
        }
        return total;
    }

    /** {@code d^2.4 = 2^(2.4 log2 d)} for d below 2^10. */
    static FloatVector power(FloatVector d) {
        IntVector bits = d.max(NEGLIGIBLE).reinterpretAsInts();
        IntVector exponent = bits.sub(SQRT_HALF_BITS).lanewise(VectorOperators.ASHR, 23);
        FloatVector t = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23))
                .reinterpretAsFloats()
                .sub(1);
        FloatVector log =
                LOG5.fma(t, LOG4).fma(t, LOG3).fma(t, LOG2).fma(t, LOG1).fma(t, LOG0);
        FloatVector whole = exponent.add(ROUND_BITS).reinterpretAsFloats().sub(ROUND);
        FloatVector y = log.fma(t, whole).mul((float) GroupFit.CLIP_EXPONENT);
        FloatVector shifted = y.add(ROUND);
        FloatVector f = y.sub(shifted.sub(ROUND));
        FloatVector power = EXP4.fma(f, EXP3).fma(f, EXP2).fma(f, EXP1).fma(f, EXP0);
        // The low bits of the shifted number are its whole part; moved into the exponent they multiply by its power of
        // two.
        IntVector scale = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
        return power.reinterpretAsInts().add(scale).reinterpretAsFloats();
    }

    private static FloatVector constant(float value) {
        return FloatVector.broadcast(SPECIES, value);
    }
}
