package dev.quern.recipes;

import org.jspecify.annotations.Nullable;

/**
 * What compression did to one linear; the same record from the engine to reports, rows and pages. Errors are measured
 * on the weights that a loader sees: E = W - decode(dtype of the checkpoint).
 *
 * @param relativeError tr(E H Eᵀ) / tr(W H Wᵀ), H not damped: ‖(W-Q)X‖² / ‖WX‖² on the calibration inputs; without
 *     calibration H = I. Squared: pages show the root
 * @param relativeErrorNearest the same for rounding to nearest on the same grid
 * @param damping added to the diagonal of H, as a fraction of its mean; 0 where H decided nothing
 * @param retries how often the damping was raised because H could not be factored
 * @param fallback why plain rounding was used instead of the recipe's method, null where it was not
 * @param deadColumns inputs that were zero on every token of the calibration text, and have weights: those are rounded
 *     to nearest
 * @param scaleToAbsmax mean over groups of the scale over the scale that spans the group's largest weight; null where
 *     no scale was fitted, or an earlier version did not keep it
 */
public record LinearFigures(
        double relativeError,
        double relativeErrorNearest,
        double damping,
        int retries,
        @Nullable String fallback,
        int deadColumns,
        @Nullable Double scaleToAbsmax) {}
