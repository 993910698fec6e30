package dev.quern.openblas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.gradient.ModelPass;
import dev.quern.engine.gradient.RandomModel;
import dev.quern.engine.model.Architecture;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Gradients of a whole model in float32 against the specification in float64, with the same labels. */
class OpenBlasGradientsTest {
    private static final Architecture MODEL = RandomModel.architecture(3);

    @Test
    void everyLinearHasTheGradientOfTheSpecification() {
        try (ComputeBackend fast = new OpenBlasBackend(2);
                ComputeBackend exact = new JavaBackend(DType.F64, 1);
                Scope fastScope = fast.memory().scope();
                Scope exactScope = exact.memory().scope()) {
            Map<String, Tensor> expected = gradients(exact, exactScope);
            Map<String, Tensor> actual = gradients(fast, fastScope);
            assertThat(actual.keySet()).containsExactlyElementsOf(expected.keySet());
            expected.forEach((linear, gradient) -> {
                double size = exact.elementwise().maxAbs(gradient);
                Tensor difference = exactScope.allocate(DType.F64, gradient.rows(), gradient.cols());
                exact.memory().copy(actual.get(linear), difference);
                exact.elementwise().scale(-1, difference);
                exact.elementwise().add(difference, gradient, difference);
                assertThat(exact.elementwise().maxAbs(difference)).as(linear).isLessThan(1e-4 * size);
            });
        }
    }

    /** By the weights of each linear, summed over all windows. */
    private static Map<String, Tensor> gradients(ComputeBackend backend, Scope scope) {
        Map<String, Tensor> gradients = new LinkedHashMap<>();
        ModelPass pass = new ModelPass(
                backend,
                scope,
                MODEL,
                RandomModel.weights(backend, MODEL, 3),
                RandomModel.tokens(5, 2),
                RandomModel.SEQ_LEN,
                false);
        Precision precision = backend.precision(Precision.Use.SOLVE);
        pass.back(scope, 1, 0, (block, linear, x, g) -> {
            Tensor gradient = scope.allocate(backend.workingType(), linear.rows(), linear.cols());
            backend.linearAlgebra().gemm(precision, 1, g, true, x, false, 0, gradient);
            gradients.put(block + "." + linear.name(), gradient);
        });
        return gradients;
    }
}
