package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.compress.LinearCompressor.Compressed;
import dev.quern.engine.compress.LinearCompressor.Weight;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Order;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What compression promises on every backend, on linears of more than one panel; a subclass says how to start the
 * backend.
 */
public abstract class CompressionContract {
    protected abstract ComputeBackend open(int threads);

    /** rows, columns, group size, bits, symmetric, order, seed. */
    static Stream<Arguments> problems() {
        return Stream.of(
                Arguments.of(70, 260, 52, 4, true, Order.STATIC, 1L),
                Arguments.of(33, 144, 0, 8, false, Order.NONE, 2L),
                Arguments.of(130, 192, 32, 3, true, Order.STATIC, 3L),
                Arguments.of(5, 96, 16, 2, false, Order.STATIC, 4L),
                Arguments.of(17, 384, 128, 4, true, Order.NONE, Lab.freshSeed()));
    }

    /** Codes near a tie may differ, and then the later ones of that row: few, and to no effect on the error. */
    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}, order {5}, seed {6}")
    @MethodSource("problems")
    void agreesWithTheOracle(int m, int n, int group, int bits, boolean symmetric, Order order, long seed) {
        Recipe recipe = Lab.gptq(new Recipe.Grid(bits, group, symmetric, ClipSearch.NONE), order, 0.01);
        try (Lab lab = new Lab(open(2), seed);
                Lab oracle = new Lab(new JavaBackend(DType.F64, 2), seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            Compressed result = lab.compress(recipe, w, h);
            Compressed expected = oracle.compress(recipe, w, h);
            double loss = expected.loss();
            assertThat(result.loss()).isCloseTo(loss, within(1e-3 * loss));
            assertThat(result.figures().relativeError())
                    .isCloseTo(
                            expected.figures().relativeError(),
                            within(1e-3 * expected.figures().relativeError()));
            assertThat(result.figures().scaleToAbsmax())
                    .isCloseTo(expected.figures().scaleToAbsmax(), within(1e-3));
            assertThat(equalShare(Lab.codes(result), Lab.codes(expected))).isGreaterThan(0.99);
        }
    }

    private static double equalShare(byte[] a, byte[] b) {
        int equal = 0;
        for (int i = 0; i < a.length; i++) {
            equal += a[i] == b[i] ? 1 : 0;
        }
        return equal / (double) a.length;
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}, order {5}, seed {6}")
    @MethodSource("problems")
    void theLossIsTheQuadraticFormAndBelowNearest(
            int m, int n, int group, int bits, boolean symmetric, Order order, long seed) {
        Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, ClipSearch.MSE);
        try (Lab lab = new Lab(open(2), seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] h = lab.gram(n);
            Compressed result = lab.compress(Lab.gptq(grid, order, 0.01), w, h);
            Compressed nearest = lab.compress(Lab.nearest(grid), w, h);
            double[][] error = lab.error(w, result.linear());
            double loss = Lab.quadratic(error, Lab.damped(h, 0.01));
            assertThat(result.loss()).isCloseTo(loss, within(1e-3 * loss));
            double relative = Lab.quadratic(error, h) / Lab.quadratic(w, h);
            assertThat(result.figures().relativeError()).isCloseTo(relative, within(1e-3 * relative));
            assertThat(relative).isLessThan(nearest.figures().relativeError());
            assertThat(Lab.codes(result)).isNotEqualTo(Lab.codes(nearest));
        }
    }

    @ParameterizedTest(name = "{0} x {1}, group {2}, {3} bits, symmetric {4}, order {5}, seed {6}")
    @MethodSource("problems")
    void withAMultipleOfTheIdentityEqualsNearest(
            int m, int n, int group, int bits, boolean symmetric, Order order, long seed) {
        Recipe.Grid grid = new Recipe.Grid(bits, group, symmetric, ClipSearch.MSE);
        try (Lab lab = new Lab(open(2), seed)) {
            double[][] w = lab.gaussian(m, n);
            double[][] h = Lab.identity(n, 0.3);
            assertThat(Lab.codes(lab.compress(Lab.gptq(grid, order, 0.01), w, h)))
                    .isEqualTo(Lab.codes(lab.compress(Lab.nearest(grid), w, h)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void threadsChangeNoBit(int threads) {
        Recipe recipe = Lab.gptq(new Recipe.Grid(4, 32, false, ClipSearch.MSE), Order.STATIC, 0.01);
        try (Lab lab = new Lab(open(threads), 7);
                Lab reference = new Lab(open(2), 7)) {
            double[][] w = lab.gaussian(300, 288);
            double[][] h = lab.gram(288);
            Compressed expected = reference.compress(recipe, w, h);
            Compressed result = lab.compress(recipe, w, h);
            assertThat(Lab.codes(result)).isEqualTo(Lab.codes(expected));
            assertThat(result.figures()).isEqualTo(expected.figures());
        }
    }

    /** q, k and v share their input: one factorisation, and still the bits that each would have alone. */
    @ParameterizedTest
    @ValueSource(longs = 6)
    void aUnitGivesTheBitsOfItsLinears(long seed) {
        Recipe recipe = Lab.gptq(new Recipe.Grid(4, 48, true, ClipSearch.MSE), Order.STATIC, 0.01);
        try (Lab lab = new Lab(open(2), seed)) {
            Statistics.Inputs statistics = new Statistics.Inputs(lab.tensor(DType.F64, lab.gram(192)), 1);
            LinearCompressor compressor = new LinearCompressor(lab.backend, recipe, DType.BF16);
            List<Weight> unit = List.of(
                    new Weight(new LinearId("", "q"), lab.tensor(lab.gaussian(256, 192))),
                    new Weight(new LinearId("", "k"), lab.tensor(lab.gaussian(7, 192))),
                    new Weight(new LinearId("", "v"), lab.tensor(lab.gaussian(130, 192))));
            List<Compressed> together = compressor.compress(unit, statistics, Cancellation.NEVER, done -> {});
            for (int i = 0; i < unit.size(); i++) {
                Compressed alone = compressor.compress(unit.get(i), statistics, Cancellation.NEVER);
                assertThat(Lab.codes(alone)).isEqualTo(Lab.codes(together.get(i)));
                assertThat(alone.figures()).isEqualTo(together.get(i).figures());
            }
        }
    }
}
