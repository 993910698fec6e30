package dev.quern.engine.method;

import org.jspecify.annotations.Nullable;

/**
 * What compression did to one linear. Errors are measured on the weights that a loader sees: E = W - decode(dtype of the checkpoint).
 *
 * @param relativeError tr(E H Eᵀ) / tr(W H Wᵀ), H not damped: ‖(W-Q)X‖² / ‖WX‖²; without statistics H = I
 * @param relativeErrorNearest the same for rounding to nearest on the same grid
 * @param damping added to the diagonal of H, as a fraction of its mean; 0 where H decided nothing
 * @param retries how often the damping was raised because H could not be factored
 * @param fallback why plain rounding was used instead of GPTQ, null where it was not
 * @param deadColumns inputs that were zero on every token, and have weights: those are rounded to nearest
 * @param scaleToAbsmax mean over groups of the scale over the scale that spans the group's largest weight
 * @param loss GPTQ's own account of its error, tr(E H Eᵀ) with the damped H and scales as decoded in the working type; for plain
 *     rounding, tr(E H Eᵀ) with H as recorded
 */
public record LinearFigures(
        double relativeError,
        double relativeErrorNearest,
        double damping,
        int retries,
        @Nullable String fallback,
        int deadColumns,
        double scaleToAbsmax,
        double loss) {}
