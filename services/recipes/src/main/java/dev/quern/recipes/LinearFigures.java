package dev.quern.recipes;

import dev.quern.recipes.codec.Word;
import java.util.List;
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
 * @param twoSided how a result was chosen that is weighed by the outputs of the model as well; null where none is
 * @param sparsity share of the weights that are exactly zero as a loader decodes them, 0 to 1: those that a mask pruned
 *     and those that rounding made zero; null in older records
 * @param tokens of the calibration text that reached the linear; null where none are counted: the recipe reads no text,
 *     or in older records
 */
public record LinearFigures(
        @Word(Word.NOT_FINITE) double relativeError,
        @Word(Word.NOT_FINITE) double relativeErrorNearest,
        double damping,
        int retries,
        @Nullable String fallback,
        int deadColumns,
        @Nullable Double scaleToAbsmax,
        @Nullable TwoSided twoSided,
        @Nullable Double sparsity,
        @Nullable Long tokens) {
    /** Those of a method that weighs errors by inputs alone, where neither zeros nor tokens were counted. */
    public LinearFigures(
            double relativeError,
            double relativeErrorNearest,
            double damping,
            int retries,
            @Nullable String fallback,
            int deadColumns,
            @Nullable Double scaleToAbsmax) {
        this(
                relativeError,
                relativeErrorNearest,
                damping,
                retries,
                fallback,
                deadColumns,
                scaleToAbsmax,
                null,
                null,
                null);
    }

    /**
     * The choice between one-sided and two-sided rounding, by text that neither has seen: errors are tr(H_O E H_I Eᵀ) /
     * tr(H_O W H_I Wᵀ) with the factors of the windows that were held out.
     *
     * @param oneSided error of the result that errors of inputs alone decided
     * @param tried two-sided results
     * @param kept the shrinkage of the result that was kept; null where it is the one-sided one
     */
    public record TwoSided(
            @Word(Word.NOT_FINITE) double oneSided,
            List<Trial> tried,
            @Nullable Double kept) {
        public TwoSided {
            tried = List.copyOf(tried);
        }

        /** Error of the result that was kept. */
        public double error() {
            return tried.stream()
                    .filter(trial -> Double.valueOf(trial.shrinkage()).equals(kept))
                    .mapToDouble(Trial::error)
                    .findFirst()
                    .orElse(oneSided);
        }
    }

    /**
     * A two-sided result.
     *
     * @param shrinkage the share of a multiple of the identity in H_O
     * @param error on the windows that were held out
     */
    public record Trial(
            double shrinkage, @Word(Word.NOT_FINITE) double error) {}
}
