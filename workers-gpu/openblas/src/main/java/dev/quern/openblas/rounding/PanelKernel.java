package dev.quern.openblas.rounding;

import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.openblas.vector.Rows;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The feedback recursion of one panel, {@code c_j = w_j + Σ_{k<j} e_k unit_kj}, with rows in vector lanes: a block of
 * rows is turned over into the first-level cache, where each column is a few registers. Lanes do not mix, so the width
 * of vectors changes no bit.
 */
final class PanelKernel {
    private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    private static final int BLOCK = PanelBlock.ROWS;
    /** Adding and subtracting 1.5 * 2^23 rounds |x| < 2^22 half to even. */
    private static final float ROUND = 0x1.8p23f;

    private final int width;
    /** By column: feedback[j * width + k] is unit_kj. */
    private final float[] feedback;

    private final PanelGroups groups;
    private final int top;

    /**
     * @param unit F32 [p, p]
     * @param top the largest code
     */
    PanelKernel(Tensor unit, PanelGroups groups, int top) {
        this.width = unit.cols();
        this.feedback = new float[width * width];
        this.groups = groups;
        this.top = top;
        float[] row = new float[width];
        for (int k = 0; k < width; k++) {
            Rows.read(HostTensor.of(unit), k, row);
            for (int j = k + 1; j < width; j++) {
                feedback[j * width + k] = row[j];
            }
        }
    }

    /** A kernel that only solves for the compensated weights. */
    static PanelKernel compensating(Tensor unit) {
        return new PanelKernel(unit, PanelGroups.NONE, 0);
    }

    /** A block of rows of this panel, to be filled. */
    PanelBlock block() {
        return new PanelBlock(width, groups);
    }

    /** Turns targets and originals into what rounding lost, codes and errors. */
    void quantize(PanelBlock block) {
        sweep(block, true);
    }

    /** Solves {@code d unit = target} for d and leaves {@code -d} in the errors. */
    void solve(PanelBlock block) {
        sweep(block, false);
    }

    private void sweep(PanelBlock block, boolean rounding) {
        int j = 0;
        for (; j + 1 < width; j += 2) {
            pair(block, j, rounding);
        }
        if (j < width) {
            single(block, j, rounding);
        }
    }

    /** Columns j and j + 1 together, so that each error is loaded once for both. */
    private void pair(PanelBlock block, int j, boolean rounding) {
        float[] errors = block.errors;
        float[] target = block.target;
        int at = j * BLOCK;
        int next = at + BLOCK;
        FloatVector a0 = FloatVector.fromArray(SPECIES, target, at);
        FloatVector a1 = FloatVector.fromArray(SPECIES, target, at + LANES);
        FloatVector a2 = FloatVector.fromArray(SPECIES, target, at + 2 * LANES);
        FloatVector a3 = FloatVector.fromArray(SPECIES, target, at + 3 * LANES);
        FloatVector b0 = FloatVector.fromArray(SPECIES, target, next);
        FloatVector b1 = FloatVector.fromArray(SPECIES, target, next + LANES);
        FloatVector b2 = FloatVector.fromArray(SPECIES, target, next + 2 * LANES);
        FloatVector b3 = FloatVector.fromArray(SPECIES, target, next + 3 * LANES);
        for (int k = 0; k < j; k++) {
            FloatVector u = FloatVector.broadcast(SPECIES, feedback[j * width + k]);
            FloatVector v = FloatVector.broadcast(SPECIES, feedback[(j + 1) * width + k]);
            FloatVector e0 = FloatVector.fromArray(SPECIES, errors, k * BLOCK);
            FloatVector e1 = FloatVector.fromArray(SPECIES, errors, k * BLOCK + LANES);
            FloatVector e2 = FloatVector.fromArray(SPECIES, errors, k * BLOCK + 2 * LANES);
            FloatVector e3 = FloatVector.fromArray(SPECIES, errors, k * BLOCK + 3 * LANES);
            a0 = e0.fma(u, a0);
            a1 = e1.fma(u, a1);
            a2 = e2.fma(u, a2);
            a3 = e3.fma(u, a3);
            b0 = e0.fma(v, b0);
            b1 = e1.fma(v, b1);
            b2 = e2.fma(v, b2);
            b3 = e3.fma(v, b3);
        }
        settle(block, j, at, a0, rounding);
        settle(block, j, at + LANES, a1, rounding);
        settle(block, j, at + 2 * LANES, a2, rounding);
        settle(block, j, at + 3 * LANES, a3, rounding);
        FloatVector v = FloatVector.broadcast(SPECIES, feedback[(j + 1) * width + j]);
        b0 = FloatVector.fromArray(SPECIES, errors, at).fma(v, b0);
        b1 = FloatVector.fromArray(SPECIES, errors, at + LANES).fma(v, b1);
        b2 = FloatVector.fromArray(SPECIES, errors, at + 2 * LANES).fma(v, b2);
        b3 = FloatVector.fromArray(SPECIES, errors, at + 3 * LANES).fma(v, b3);
        settle(block, j + 1, next, b0, rounding);
        settle(block, j + 1, next + LANES, b1, rounding);
        settle(block, j + 1, next + 2 * LANES, b2, rounding);
        settle(block, j + 1, next + 3 * LANES, b3, rounding);
    }

    private void single(PanelBlock block, int j, boolean rounding) {
        for (int lane = 0; lane < BLOCK; lane += LANES) {
            FloatVector sum = FloatVector.fromArray(SPECIES, block.target, j * BLOCK + lane);
            for (int k = 0; k < j; k++) {
                FloatVector error = FloatVector.fromArray(SPECIES, block.errors, k * BLOCK + lane);
                sum = error.fma(FloatVector.broadcast(SPECIES, feedback[j * width + k]), sum);
            }
            settle(block, j, j * BLOCK + lane, sum, rounding);
        }
    }

    /**
     * Decides the values of one column for some rows. Rounding leaves the error in {@code errors}, the code in
     * {@code original} and what rounding itself lost in {@code target}; the compensated weight is the target itself,
     * its error minus what it moved.
     */
    private void settle(PanelBlock block, int j, int at, FloatVector target, boolean rounding) {
        if (!rounding) {
            target.neg().intoArray(block.errors, at);
            return;
        }
        int grid = at + (groups.slot(j) - j) * BLOCK;
        FloatVector scale = FloatVector.fromArray(SPECIES, block.scales, grid);
        FloatVector zero = FloatVector.fromArray(SPECIES, block.zeros, grid);
        // Clamping before rounding gives the same, since the bounds are whole numbers, and keeps |x| small enough to
        // round by adding.
        FloatVector steps = target.div(scale).max(zero.neg()).min(zero.neg().add(top));
        FloatVector mask = FloatVector.fromArray(SPECIES, block.mask, at);
        FloatVector rounded = steps.add(ROUND).sub(ROUND).mul(mask);
        FloatVector quantized = rounded.mul(scale);
        FloatVector original = FloatVector.fromArray(SPECIES, block.original, at);
        original.sub(quantized).intoArray(block.errors, at);
        rounded.add(zero).intoArray(block.original, at);
        target.sub(quantized).intoArray(block.target, at);
    }
}
