package dev.quern.engine.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.gradient.ModelPass.Change;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.ModelFixture;
import dev.quern.engine.model.WeightSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gradients of whole models against central differences of their loss, in float64. */
class BackwardTest {
    private static final double STEP = 1e-4;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final JavaBackend backend = new JavaBackend(DType.F64, 2);

    private record Place(int block, LinearSpec linear) {}

    @AfterEach
    void nothingLeaks() {
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void everyFamily(ModelFixture fixture) {
        try (ModelFixture.Model model = fixture.open()) {
            verify(model.architecture(), model.source(backend), fixture.tokens(), fixture.seqLen());
        }
    }

    @Test
    void blocksOfTwoKinds() {
        Architecture model = RandomModel.architecture(3);
        int[] tokens = RandomModel.tokens(3, 5);
        verify(model, RandomModel.weights(backend, model, seed), tokens, RandomModel.SEQ_LEN);
    }

    private void verify(Architecture model, WeightSource source, int[] tokens, int seqLen) {
        try (Scope scope = backend.memory().scope()) {
            ModelPass pass = new ModelPass(backend, scope, model, source, tokens, seqLen);
            Map<Place, Tensor> gradients = new LinkedHashMap<>();
            Tensor atInput = pass.back(scope, 11, 0, (block, linear, x, g) -> {
                Tensor product = scope.allocate(DType.F64, g.cols(), x.cols());
                backend.linearAlgebra().gemm(Precision.F64, 1, g, true, x, false, 0, product);
                gradients.put(new Place(block, linear), product);
            });
            assertThat(gradients)
                    .hasSize(model.blocks().stream()
                            .mapToInt(block -> block.program().linears().size())
                            .sum());
            Tensor labels = pass.labels(scope, 11, 0);
            gradients.forEach((place, gradient) -> verify(scope, pass, labels, place, gradient));
            verifyInput(scope, pass, labels, atInput);
        }
    }

    /** {@code d/dε loss(W + ε D) = ⟨gradient, D⟩}, and the gradient is that of the outputs times the inputs. */
    private void verify(Scope scope, ModelPass pass, Tensor labels, Place place, Tensor gradient) {
        Tensor direction = direction(scope, gradient.rows(), gradient.cols());
        double above = pass.loss(labels, List.of(new Change(place.block(), place.linear(), direction, STEP)));
        double below = pass.loss(labels, List.of(new Change(place.block(), place.linear(), direction, -STEP)));
        assertClose(place.toString(), dot(gradient, direction), (above - below) / (2 * STEP), size(gradient));
    }

    private void verifyInput(Scope scope, ModelPass pass, Tensor labels, Tensor gradient) {
        Tensor direction = direction(scope, gradient.rows(), gradient.cols());
        backend.elementwise().scale(STEP, direction);
        backend.elementwise().add(pass.hidden(), direction, pass.hidden());
        double above = pass.loss(labels, List.of());
        backend.elementwise().scale(-2, direction);
        backend.elementwise().add(pass.hidden(), direction, pass.hidden());
        double below = pass.loss(labels, List.of());
        backend.elementwise().scale(-0.5 / STEP, direction);
        assertClose("input", dot(gradient, direction), (above - below) / (2 * STEP), size(gradient));
    }

    private void assertClose(String what, double actual, double expected, double size) {
        assertThat(actual).as("%s, seed %d", what, seed).isCloseTo(expected, within(1e-5 * (size + 1e-3)));
    }

    /** A random matrix of length 1. */
    private Tensor direction(Scope scope, int rows, int cols) {
        Tensor direction = scope.allocate(DType.F64, rows, cols);
        backend.memory().copy(RandomModel.upload(backend, scope, rows, cols, random::nextGaussian), direction);
        backend.elementwise().scale(1 / size(direction), direction);
        return direction;
    }

    private double size(Tensor matrix) {
        return Math.sqrt(dot(matrix, matrix));
    }

    private double dot(Tensor a, Tensor b) {
        try (Scope scope = backend.memory().scope()) {
            Tensor sum = scope.allocate(DType.F64, 1, 1);
            backend.elementwise().addDot(a, b, sum);
            return backend.memory().value(sum);
        }
    }

    /** Wherever a pass is stopped, it frees what it made. */
    @Test
    void stopsAtARequest() {
        Architecture model = RandomModel.architecture(1);
        WeightSource source = RandomModel.weights(backend, model, 1);
        AtomicInteger left = new AtomicInteger();
        for (int checks = 0; checks < 20; checks++) {
            left.set(checks);
            try (Scope scope = backend.memory().scope();
                    Backward backward = new Backward(backend, RandomModel.SEQ_LEN, () -> left.decrementAndGet() < 0);
                    BlockWeights weights =
                            new BlockWeights(backend, source, model.blocks().getFirst())) {
                ModelPass pass =
                        new ModelPass(backend, scope, model, source, RandomModel.tokens(1, 5), RandomModel.SEQ_LEN);
                Tensor gradient = scope.allocate(DType.F64, RandomModel.SEQ_LEN, model.hidden());
                assertThatThrownBy(() -> backward.run(weights, pass.hidden(), gradient, gradient, LinearGradients.NONE))
                        .isInstanceOf(CancelledException.class);
            }
            assertThat(backend.memory().liveBytes())
                    .as("stopped after %d checks", checks)
                    .isZero();
        }
    }

    @Test
    void memoryIsWhatPlansCount() {
        Architecture model = RandomModel.architecture(2);
        WeightSource source = RandomModel.weights(backend, model, 1);
        int[] tokens = RandomModel.tokens(4, 5);
        for (Block block : model.blocks()) {
            try (Scope scope = backend.memory().scope();
                    Backward backward = new Backward(backend, RandomModel.SEQ_LEN, Cancellation.NEVER);
                    BlockWeights weights = new BlockWeights(backend, source, block)) {
                ModelPass pass = new ModelPass(backend, scope, model, source, tokens, RandomModel.SEQ_LEN);
                Tensor gradient = scope.allocate(DType.F64, tokens.length, model.hidden());
                // The first pass loads weights and tables.
                backward.run(weights, pass.hidden(), gradient, gradient, LinearGradients.NONE);
                long before = backend.memory().liveBytes();
                AtomicLong peak = new AtomicLong();
                backward.run(
                        weights,
                        pass.hidden(),
                        gradient,
                        gradient,
                        (linear, x, g) -> peak.accumulateAndGet(backend.memory().liveBytes() - before, Math::max));
                assertThat(peak.get())
                        .isPositive()
                        .isLessThanOrEqualTo(Backward.bytes(block.program(), model.hidden(), tokens.length, DType.F64));
            }
        }
    }

    @Test
    void aModelThatOverflowsIsRefused() {
        Architecture model = RandomModel.architecture(1);
        try (Scope scope = backend.memory().scope();
                HeadGradient head = new HeadGradient(
                        backend, model, RandomModel.weights(backend, model, 1), 1, Cancellation.NEVER)) {
            Tensor hidden = RandomModel.upload(backend, scope, 3, model.hidden(), () -> Double.NaN);
            Tensor working = scope.allocate(DType.F64, 3, model.hidden());
            backend.memory().copy(hidden, working);
            Tensor target = scope.allocate(DType.F64, 3, model.hidden());
            assertThatThrownBy(() -> head.apply(working, 40, target))
                    .hasMessageContaining("gradients of tokens 40 to 42: NaN or infinity");
        }
    }
}
