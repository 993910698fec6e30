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
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** OBR's two forms, beside GPTQ and a least-squares fit after every single column. */
class ObrIdentitiesTest {
    private static final double DAMPING = 0.01;
    private static final Rounding RESTRICTED = new Obr(Form.RESTRICTED, DAMPING);
    private static final Rounding STAGED = new Obr(Form.STAGED, DAMPING);

    private static Recipe recipe(Rounding rounding, double sparsity) {
        Pruning mask = new Pruning(Score.WANDA, sparsity, null, DAMPING);
        return new Recipe(
                "test", Recipe.Propagation.INDEPENDENT, Lab.grid(4, 0, true), rounding, true, null, null, mask, null);
    }

    /** Nothing is pruned where the nearest whole number is none: then all rows share one factor, GPTQ's. */
    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"1, 1", "3, 2", "9, 31", "17, 64"})
    void onEverythingRestrictedRoundingIsGptq(int rows, int cols) {
        try (Lab lab = new Lab(DType.F64, Lab.freshSeed())) {
            double[][] w = lab.gaussian(rows, cols);
            double[][] h = lab.gram(cols);
            Rounding gptq = new Gptq(Order.STATIC, DAMPING);
            assertThat(Lab.codes(lab.compress(recipe(RESTRICTED, 1e-4), w, h)))
                    .isEqualTo(Lab.codes(lab.compress(recipe(gptq, 1e-4), w, h)));
        }
    }

    /**
     * Each code is the nearest to what its weight becomes when all that are not rounded yet are fitted to what is
     * rounded already, by least squares on the support.
     */
    @ParameterizedTest(name = "{0} x {1}")
    @CsvSource({"4, 2", "5, 12", "6, 25"})
    void everyCodeOfRestrictedRoundingIsTheNearestAfterAFit(int rows, int cols) {
        try (Lab lab = new Lab(DType.F64, Lab.freshSeed())) {
            double[][] w = lab.gaussian(rows, cols);
            double[][] h = lab.gram(cols);
            IntegerGrid grid = (IntegerGrid)
                    lab.compress(recipe(RESTRICTED, 0.5), w, h).linear().core();
            double[][] damped = Lab.damped(h, DAMPING);
            int[] order = IntStream.range(0, cols)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer j) -> -h[j][j]))
                    .mapToInt(j -> j)
                    .toArray();
            for (int r = 0; r < rows; r++) {
                assertNearestAfterFits(w[r], damped, wanda(w[r], h), order, grid, r);
            }
        }
    }

    /** The half with the largest |w| ‖x‖. */
    private static boolean[] wanda(double[] w, double[][] h) {
        int keep = w.length - (int) Math.rint(w.length * 0.5);
        boolean[] kept = new boolean[w.length];
        IntStream.range(0, w.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer j) -> -w[j] * w[j] * h[j][j]))
                .limit(keep)
                .forEach(j -> kept[j] = true);
        return kept;
    }

    private static void assertNearestAfterFits(
            double[] w, double[][] h, boolean[] kept, int[] order, IntegerGrid grid, int row) {
        int cols = w.length;
        double scale = grid.scales()[row];
        double[] fixed = new double[cols];
        boolean[] free = kept.clone();
        for (int column : order) {
            int code = grid.codes()[row * cols + column];
            if (!kept[column]) {
                assertThat(code).isEqualTo(8);
                continue;
            }
            double target = fitted(w, h, fixed, free)[column];
            double nearest = Math.clamp(target / scale, -8, 7);
            // The fit before rounding stops within a share of its error.
            assertThat(Math.abs(code - 8 - nearest)).as("column %d", column).isLessThan(0.52);
            fixed[column] = (code - 8) * scale;
            free[column] = false;
        }
    }

    /** The v that is nearest to w by H, free in some columns and fixed in the others. */
    private static double[] fitted(double[] w, double[][] h, double[] fixed, boolean[] free) {
        int[] columns = IntStream.range(0, w.length).filter(j -> free[j]).toArray();
        double[][] system = new double[columns.length][columns.length + 1];
        for (int i = 0; i < columns.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                system[i][j] = h[columns[i]][columns[j]];
            }
            for (int k = 0; k < w.length; k++) {
                system[i][columns.length] += h[columns[i]][k] * (free[k] ? w[k] : w[k] - fixed[k]);
            }
        }
        solve(system);
        double[] v = fixed.clone();
        for (int i = 0; i < columns.length; i++) {
            v[columns[i]] = system[i][columns.length];
        }
        return v;
    }

    /** Gauss and Jordan, for a positive definite system with its right side as the last column. */
    private static void solve(double[][] system) {
        for (int i = 0; i < system.length; i++) {
            double pivot = system[i][i];
            int from = i;
            Arrays.setAll(system[i], j -> j < from ? system[from][j] : system[from][j] / pivot);
            for (int k = 0; k < system.length; k++) {
                double share = system[k][i];
                for (int j = i; k != i && j <= system.length; j++) {
                    system[k][j] -= share * system[i][j];
                }
            }
        }
    }

    /** The first half of the paper's form is plain rounding. */
    @Test
    void theFirstStageRoundsToNearest() {
        try (Lab lab = new Lab(DType.F64, Lab.freshSeed())) {
            double[][] w = lab.gaussian(7, 40);
            double[][] h = lab.gram(40);
            byte[] staged = Lab.codes(lab.compress(recipe(STAGED, 0.5), w, h));
            byte[] nearest = Lab.codes(lab.compress(recipe(new Nearest(), 0.5), w, h));
            for (int r = 0; r < 7; r++) {
                assertThat(Arrays.copyOfRange(staged, r * 40, r * 40 + 20))
                        .isEqualTo(Arrays.copyOfRange(nearest, r * 40, r * 40 + 20));
            }
        }
    }

    /** On the same mask and grids: the more of a row may repay an error, the less is lost. */
    @Test
    void restrictedRoundingLosesLeast() {
        try (Lab lab = new Lab(DType.F32, 5)) {
            double[][] w = lab.gaussian(64, 96);
            double[][] h = lab.gram(96);
            double restricted = error(lab, RESTRICTED, w, h);
            double staged = error(lab, STAGED, w, h);
            double gptq = error(lab, new Gptq(Order.STATIC, DAMPING), w, h);
            double nearest = error(lab, new Nearest(), w, h);
            assertThat(restricted).isLessThan(staged).isLessThan(gptq);
            assertThat(staged).isLessThan(nearest);
        }
    }

    private static double error(Lab lab, Rounding rounding, double[][] w, double[][] h) {
        return lab.compress(recipe(rounding, 0.5), w, h).figures().relativeError();
    }
}
