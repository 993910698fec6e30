package dev.quern.engine.mask;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which weights each score keeps. */
class MaskTest {
    private static final double[] WEIGHTS = {3, -2, 1, 0.5, 0, 2.5};
    /** Activity of the columns; the last two go together, so the first of them is settled cheaply. */
    private static final double[][] H = {
        {1, 0, 0, 0, 0, 0},
        {0, 4, 0, 0, 0, 0},
        {0, 0, 100, 0, 0, 0},
        {0, 0, 0, 16, 0, 0},
        {0, 0, 0, 0, 10, 9.9},
        {0, 0, 0, 0, 9.9, 10}
    };

    private final JavaBackend backend = new JavaBackend(DType.F64, 1);
    private final Scope scope = backend.memory().scope();

    @AfterEach
    void close() {
        scope.close();
        backend.close();
    }

    @Test
    void magnitudeLooksAtWeightsAlone() {
        assertThat(kept(new Magnitude(backend, 6), 3, 6, WEIGHTS)).isEqualTo("110001");
    }

    @Test
    void wandaWeighsByTheInputs() {
        assertThat(kept(new Wanda(inputs()), 3, 6, WEIGHTS)).isEqualTo("011001");
    }

    /** Column 5 can repay most of what column 4 does wrong, 10 - 9.9² / 10 = 0.2 is left; nothing repays column 5. */
    @Test
    void sparseGptWeighsByTheCurvatureThatIsLeft() {
        DampedFactor factor = factor(Recipe.Order.NONE);
        double[] left = HostTensor.of(factor.pivots()).row(0);
        assertThat(left[4]).isCloseTo(10 - 9.9 * 9.9 / 10, within(1e-3));
        assertThat(left[5]).isCloseTo(10, within(1e-3));
        double[] equal = {0, 0, 0, 0, 1, 1};
        assertThat(kept(new SparseGpt(factor), 1, 6, equal)).isEqualTo("000001");
        DampedFactor ordered = factor(Recipe.Order.STATIC);
        assertThatThrownBy(() -> new SparseGpt(ordered))
                .hasMessage("order: STATIC (expected: NONE for scores by column)");
    }

    @Test
    void runsOfColumnsKeepAsManyEach() {
        assertThat(kept(new Magnitude(backend, 6), 1, 2, WEIGHTS)).isEqualTo("101001");
        assertThat(kept(new Magnitude(backend, 6), 2, 3, WEIGHTS)).isEqualTo("110101");
    }

    /** Where weights are equal the first are kept, even if they are zero. */
    @Test
    void aMaskKeepsZerosToo() {
        Mask mask = mask(new Magnitude(backend, 6), 3, 6, new double[6]);
        assertThat(mask.count(0, 0, 6)).isEqualTo(3);
        assertThat(mask.keeps(0, 2)).isTrue();
        assertThat(mask.keeps(0, 3)).isFalse();
        assertThat(mask.sparsity()).isEqualTo(0.5);
    }

    private String kept(Importance importance, int keep, int run, double[] weights) {
        Mask mask = mask(importance, keep, run, weights);
        StringBuilder marks = new StringBuilder();
        for (int col = 0; col < weights.length; col++) {
            marks.append(mask.keeps(0, col) ? 1 : 0);
        }
        return marks.toString();
    }

    private Mask mask(Importance importance, int keep, int run, double[] weights) {
        Tensor w = tensor(new double[][] {weights});
        Tensor mask = scope.allocate(DType.U8, 1, weights.length);
        backend.rounding().keepLargest(w, importance.columns(scope), keep, run, mask);
        return Mask.of(backend.memory(), mask);
    }

    private InputStatistics inputs() {
        return InputStatistics.of(backend, scope, new Statistics.Inputs(tensor(H), 1), new LinearId("", "w"));
    }

    private DampedFactor factor(Recipe.Order order) {
        return DampedFactor.of(backend, scope, inputs(), new Recipe.Gptq(order, 1e-6), Cancellation.NEVER)
                .orElseThrow();
    }

    private Tensor tensor(double[][] values) {
        HostTensor target = HostTensor.of(scope.allocate(DType.F64, values.length, values[0].length));
        for (int r = 0; r < values.length; r++) {
            target.setRow(r, values[r]);
        }
        return target;
    }
}
