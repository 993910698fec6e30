package dev.quern.engine.backend.host;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import org.jspecify.annotations.Nullable;

/**
 * From the range of one group of weights to its scale and zero point (docs/algorithms.md, grids). Backends differ only
 * in how they sum the rounding error of a group.
 */
public final class GroupFit {
    /** The exponent of the error that the clip search lowers where all weights are of the same importance. */
    public static final double CLIP_EXPONENT = 2.4;
    /** The clip search tries the shares 1, 0.99 … 0.21 of the range. */
    private static final int CLIP_STEPS = 80;

    private static final double[] SHARES = shares();
    private static final double[] SHARES_TO_EXPONENT = sharesTo(CLIP_EXPONENT);
    private static final double[] SHARES_SQUARED = sharesTo(2);

    private final GridOptions grid;
    private final @Nullable ExactScales exact;
    private final boolean single;
    private final double[] shareToExponent;

    /** Scale and zero point of a group. */
    public record Fitted(double scale, int zero) {}

    /** How a backend sums the error of one group. */
    @FunctionalInterface
    public interface StepError {
        /** Σ |w/s - (u - z)|^2.4 over the group, or Σ importance (w/s - (u - z))²: the error in units of the scale. */
        double sum(double scale, int zero);

        /** The share of the last sum that weights outside the grid's range have; 0 does not shorten the search. */
        default double clipped() {
            return 0;
        }
    }

    /**
     * @param working the dtype that scales are stored in, F32 or F64
     * @param weighted whether the error is a weighted sum of squares
     */
    public GroupFit(GridOptions grid, DType working, boolean weighted) {
        this.grid = grid;
        this.exact = grid.stored() == null ? null : ExactScales.of(grid.stored());
        this.single = working == DType.F32;
        this.shareToExponent = weighted ? SHARES_SQUARED : SHARES_TO_EXPONENT;
    }

    /** {@code clamp(rint(w / s) + z, 0, top)}, the quotient rounded to float32 where single. */
    public static int code(double w, double scale, int zero, int top, boolean single) {
        double steps = single ? (float) (w / scale) : w / scale;
        return (int) Math.clamp(Math.rint(steps) + zero, 0, top);
    }

    /** Fits the grid of a group whose smallest and largest weights are min and max. */
    public Fitted fit(double min, double max, StepError error) {
        double lo = Math.min(min, 0);
        double hi = Math.max(max, 0);
        double limit = Math.max(-lo, hi);
        if (limit == 0) {
            // Any scale represents zeros; a range of one keeps it finite and ordinary.
            Range unit = new Range(-1, 1);
            double scale = unit.scale(1);
            return unit.at(exact == null ? scale : exact.below(scale), 1);
        }
        // Symmetric even where all weights have one sign: half the codes are then idle, but none is clipped away.
        Range range = grid.symmetric() ? new Range(-limit, limit) : new Range(lo, hi);
        double share = grid.clipSearch() ? range.bestShare(error) : 1;
        return exact == null ? range.at(range.scale(share), share) : range.rounded(share, exact);
    }

    /**
     * The scale that lowers a quadratic error most while codes stay, where {@code error(scale + d) = error - 2 d gain +
     * d² curvature}; the same scale where none lowers it.
     */
    public double refit(double scale, double gain, double curvature) {
        double wanted = scale + gain / curvature;
        // Of no steps there is nothing to gain; NaN fails too.
        if (!(curvature > 0 && wanted > 0)) {
            return scale;
        }
        double moved = exact == null ? (single ? (float) wanted : wanted) : exact.nearest(wanted);
        double by = moved - scale;
        boolean holds = exact == null || moved * grid.top() <= exact.largestWeight();
        return holds && by * (2 * gain - by * curvature) > 0 ? moved : scale;
    }

    private final class Range {
        private final double lo;
        private final double hi;

        Range(double lo, double hi) {
            this.lo = lo;
            this.hi = hi;
        }

        double scale(double share) {
            double scale = (hi - lo) * share / grid.top();
            // A subnormal scale would make quotients infinite.
            return Math.max(single ? (float) scale : scale, Float.MIN_NORMAL);
        }

        Fitted at(double scale, double share) {
            double zero = grid.symmetric() ? grid.middle() : Math.rint(-lo * share / scale);
            return new Fitted(scale, (int) Math.clamp(zero, 0, grid.top()));
        }

        double bestShare(StepError error) {
            double best = Double.POSITIVE_INFINITY;
            double bestShare = 1;
            for (int i = 0; i < CLIP_STEPS; i++) {
                double share = SHARES[i];
                Fitted fitted = at(scale(share), share);
                double sum = error.sum(fitted.scale(), fitted.zero()) * shareToExponent[i];
                if (sum < best) {
                    best = sum;
                    bestShare = share;
                }
                // What is clipped here is clipped by more with every smaller share.
                if (error.clipped() * shareToExponent[i] > best) {
                    break;
                }
            }
            return bestShare;
        }

        /** On the exact scale that is nearest to the searched one, or less where a code would decode to infinity. */
        Fitted rounded(double share, ExactScales exact) {
            Fitted fitted = at(exact.nearest((hi - lo) * share / grid.top()), share);
            while (fitted.scale() * steps(fitted) > exact.largestWeight()) {
                fitted = at(exact.below(exact.largestWeight() / steps(fitted)), share);
            }
            return fitted;
        }

        /** From the zero point to the farther end of the grid. */
        private int steps(Fitted fitted) {
            return Math.max(fitted.zero(), grid.top() - fitted.zero());
        }
    }

    private static double[] shares() {
        double[] shares = new double[CLIP_STEPS];
        for (int i = 0; i < CLIP_STEPS; i++) {
            shares[i] = 1 - i / 100.0;
        }
        return shares;
    }

    private static double[] sharesTo(double exponent) {
        double[] powers = new double[CLIP_STEPS];
        for (int i = 0; i < CLIP_STEPS; i++) {
            powers[i] = Math.pow(SHARES[i], exponent);
        }
        return powers;
    }
}
