package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.DType;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Obr.Form;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Pruning.Score;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Rounding;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a mask prunes stays zero whatever follows, and what it keeps is fitted before it is rounded. */
class PrunedCompressionTest {
    private static final Rounding NATURAL = new Gptq(Order.NONE, 0.01);
    private static final Rounding ORDERED = new Gptq(Order.STATIC, 0.01);
    private static final Rounding POLISHED = new Gptq(Order.STATIC, 0.01, 2);
    private static final Rounding RESTRICTED = new Obr(Form.RESTRICTED, 0.01);
    private static final Rounding STAGED = new Obr(Form.STAGED, 0.01);
    private static final List<Rounding> ROUNDINGS =
            List.of(NATURAL, ORDERED, POLISHED, RESTRICTED, STAGED, new Nearest());
    private static final Pruning HALF = new Pruning(Score.WANDA, 0.5, null, 0.01);

    private static Recipe recipe(Rounding rounding, boolean symmetric, @Nullable Pruning mask) {
        Recipe.Grid grid = Lab.grid(4, 16, symmetric);
        return new Recipe("test", Recipe.Propagation.INDEPENDENT, grid, rounding, true, null, null, mask, null);
    }

    @ParameterizedTest
    @EnumSource(Score.class)
    void prunedWeightsHaveTheCodeOfZero(Score score) {
        try (Lab lab = new Lab(DType.F32, Lab.freshSeed())) {
            double[][] w = lab.gaussian(13, 64);
            double[][] h = lab.gram(64);
            for (Rounding rounding : ROUNDINGS) {
                for (boolean symmetric : new boolean[] {true, false}) {
                    Pruning half = new Pruning(score, 0.5, null, 0.01);
                    Pruning runs = new Pruning(score, null, "1:4", 0.01);
                    assertZeros(lab.compress(recipe(rounding, symmetric, half), w, h), 64, 32);
                    assertZeros(lab.compress(recipe(rounding, symmetric, runs), w, h), 4, 3);
                }
            }
        }
    }

    /** At least: a kept weight may become zero as well. */
    private static void assertZeros(LinearCompressor.Compressed result, int run, int zeros) {
        IntegerGrid grid = (IntegerGrid) result.linear().core();
        int cols = result.linear().cols();
        for (int at = 0; at < grid.codes().length; at += run) {
            int found = 0;
            for (int i = at; i < at + run; i++) {
                int group = i / cols * (cols / 16) + i % cols / 16;
                found += grid.codes()[i] == grid.zeros()[group] ? 1 : 0;
            }
            assertThat(found).as("from %d", at).isGreaterThanOrEqualTo(zeros);
        }
    }

    /** GPTQ on the mask loses less than rounding the fitted weights, which lose less than pruned ones as they were. */
    @Test
    void everyStepBringsSomething() {
        try (Lab lab = new Lab(DType.F32, 3)) {
            double[][] w = lab.gaussian(32, 64);
            double[][] h = lab.gram(64);
            double gptq = error(lab.compress(recipe(NATURAL, true, HALF), w, h));
            double nearest = error(lab.compress(recipe(new Nearest(), true, HALF), w, h));
            double[][] identity = Lab.identity(64, 1);
            double[][] pruned = lab.error(
                    w,
                    lab.compress(recipe(new Nearest(), true, HALF), w, identity).linear());
            double unfitted = Lab.quadratic(pruned, h) / Lab.quadratic(w, h);

            assertThat(gptq).isLessThan(0.95 * nearest);
            assertThat(nearest).isLessThan(0.8 * unfitted);
        }
    }

    private static double error(LinearCompressor.Compressed result) {
        return result.figures().relativeError();
    }

    /** Nothing is pruned where the nearest whole number is none; then it is the method alone. */
    @Test
    void aMaskOfEverythingChangesNoCode() {
        try (Lab lab = new Lab(DType.F32, Lab.freshSeed())) {
            double[][] w = lab.gaussian(9, 32);
            double[][] h = lab.gram(32);
            Pruning none = new Pruning(Score.WANDA, 0.001, null, 0.01);
            for (Rounding rounding : new Rounding[] {NATURAL, ORDERED, new Nearest()}) {
                byte[] whole = Lab.codes(lab.compress(recipe(rounding, true, null), w, h));
                assertThat(Lab.codes(lab.compress(recipe(rounding, true, none), w, h)))
                        .isEqualTo(whole);
            }
        }
    }

    /** No text reached it: the largest weights are kept as they are. */
    @Test
    void aSilentLinearIsPrunedByMagnitude() {
        try (Lab lab = new Lab(DType.F32, Lab.freshSeed())) {
            double[][] w = lab.gaussian(5, 32);
            LinearCompressor.Compressed result = lab.compress(recipe(NATURAL, true, HALF), w, Lab.identity(32, 0));
            assertThat(result.figures().fallback()).isEqualTo("no calibration input reached this linear");
            assertZeros(result, 32, 16);
        }
    }
}
