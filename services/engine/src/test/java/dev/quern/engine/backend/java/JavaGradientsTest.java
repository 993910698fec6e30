package dev.quern.engine.backend.java;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Gradients.Attention;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The definitions backwards against central differences of the definitions forward, in float64. */
class JavaGradientsTest {
    private static final double STEP = 1e-5;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final JavaBackend backend = new JavaBackend(DType.F64, 2);
    private final Scope scope = backend.memory().scope();

    @AfterEach
    void nothingLeaks() {
        scope.close();
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "3, 7", "8, 13"})
    void norms(int heads, int width) {
        Tensor x = random(3, heads * width);
        Tensor weight = random(1, width);
        Tensor gradient = random(3, heads * width);
        Tensor target = zeros(3, heads * width);
        backend.gradients().rmsNormVjp(x, weight, 0.1, gradient, target);
        verify(x, gradient, target, y -> backend.transformer().rmsNorm(x, weight, 0.1, y));
    }

    /** A rope turns back by the negative sines. */
    @Test
    void ropes() {
        Tensor x = random(6, 24);
        Tensor cos = zeros(3, 4);
        Tensor sin = zeros(3, 4);
        for (int i = 0; i < 12; i++) {
            double angle = random.nextDouble() * 6;
            HostTensor.of(cos).set(i / 4, i % 4, Math.cos(angle));
            HostTensor.of(sin).set(i / 4, i % 4, Math.sin(angle));
        }
        Tensor gradient = random(6, 24);
        Tensor target = zeros(6, 24);
        backend.memory().copy(gradient, target);
        Tensor back = zeros(3, 4);
        backend.memory().copy(sin, back);
        backend.elementwise().scale(-1, back);
        backend.transformer().rope(target, 3, 8, cos, back);
        verify(x, gradient, target, y -> {
            backend.memory().copy(x, y);
            backend.transformer().rope(y, 3, 8, cos, sin);
        });
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "5, 3, 1", "7, 2, 2", "4, 5, 4"})
    void attention(int seqLen, int headDim, int kvHeads) {
        int tokens = 2 * seqLen;
        Tensor q = random(tokens, 4 * headDim);
        Tensor k = random(tokens, kvHeads * headDim);
        Tensor v = random(tokens, kvHeads * headDim);
        Tensor gradient = random(tokens, 4 * headDim);
        Tensor dq = zeros(tokens, 4 * headDim);
        Tensor dk = zeros(tokens, kvHeads * headDim);
        Tensor dv = zeros(tokens, kvHeads * headDim);
        backend.gradients().attentionVjp(new Attention(q, k, v, seqLen, 4, kvHeads, 0.7), gradient, dq, dk, dv);
        Consumer<Tensor> forward = y -> backend.transformer().attention(q, k, v, seqLen, 4, kvHeads, 0.7, y);
        verify(q, gradient, dq, forward);
        verify(k, gradient, dk, forward);
        verify(v, gradient, dv, forward);
    }

    @Test
    void gates() {
        Tensor gate = random(3, 17);
        Tensor up = random(3, 17);
        backend.elementwise().scale(5, gate);
        Tensor gradient = random(3, 17);
        Tensor dGate = zeros(3, 17);
        Tensor dUp = zeros(3, 17);
        backend.gradients().siluGateVjp(gate, up, gradient, dGate, dUp);
        Consumer<Tensor> forward = y -> backend.transformer().siluGate(gate, up, y);
        verify(gate, gradient, dGate, forward);
        verify(up, gradient, dUp, forward);
    }

    /** The loss is the sum of {@code -ln softmax(logits)[label]}. */
    @Test
    void theLoss() {
        int tokens = 4;
        Tensor logits = random(tokens, 11);
        Tensor labels = scope.allocate(DType.I32, 1, tokens);
        for (int t = 0; t < tokens; t++) {
            HostTensor.of(labels).set(0, t, random.nextInt(11));
        }
        Tensor target = zeros(tokens, 11);
        backend.gradients().logitGradient(logits, labels, target);
        Tensor ones = zeros(1, tokens);
        for (int t = 0; t < tokens; t++) {
            HostTensor.of(ones).set(0, t, 1);
        }
        verify(
                logits,
                ones,
                target,
                y -> backend.transformer()
                        .divergence(
                                logits,
                                logits,
                                labels,
                                y,
                                zeros(1, tokens),
                                zeros(1, tokens),
                                scope.allocate(DType.U8, 1, tokens)));
    }

    /** {@code d/dx Σ gradient * f} at every element of x. */
    private void verify(Tensor x, Tensor gradient, Tensor expected, Consumer<Tensor> forward) {
        HostTensor at = HostTensor.of(x);
        for (int r = 0; r < x.rows(); r++) {
            for (int c = 0; c < x.cols(); c++) {
                double value = at.get(r, c);
                at.set(r, c, value + STEP);
                double above = loss(gradient, forward);
                at.set(r, c, value - STEP);
                double below = loss(gradient, forward);
                at.set(r, c, value);
                assertThat(HostTensor.of(expected).get(r, c))
                        .as("[%d, %d], seed %d", r, c, seed)
                        .isCloseTo((above - below) / (2 * STEP), within(1e-7));
            }
        }
    }

    private double loss(Tensor gradient, Consumer<Tensor> forward) {
        try (Scope step = backend.memory().scope()) {
            Tensor y = step.allocate(DType.F64, gradient.rows(), gradient.cols());
            forward.accept(y);
            Tensor sum = step.allocate(DType.F64, 1, 1);
            backend.elementwise().addDot(gradient, y, sum);
            return backend.memory().value(sum);
        }
    }

    private Tensor zeros(int rows, int cols) {
        return scope.allocate(DType.F64, rows, cols);
    }

    private Tensor random(int rows, int cols) {
        Tensor tensor = zeros(rows, cols);
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                HostTensor.of(tensor).set(r, c, random.nextDouble() * 2 - 1);
            }
        }
        return tensor;
    }
}
