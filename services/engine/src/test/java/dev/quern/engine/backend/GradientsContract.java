package dev.quern.engine.backend;

import static dev.quern.engine.backend.Parity.FLOAT_ULP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Gradients.Attention;
import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.host.HostTensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of a decoder backwards as JavaBackend in float64 makes them. */
public abstract class GradientsContract extends BackendContract {
    @Test
    void goesBackThroughNorms() {
        for (int width : SIZES) {
            for (double magnitude : new double[] {1e-18, 1, 1e15}) {
                Both x = parity.filled(DType.F32, 5, 3 * width, () -> awayFromZero() * magnitude);
                Both weight = parity.random(DType.F32, 1, width, 2);
                Both gradient = parity.random(DType.F32, 5, 3 * width, 1);
                Both target = parity.zeros(DType.F32, 5, 3 * width);
                parity.run(
                        b -> norm(b, x.subject(), weight.subject(), gradient.subject(), target.subject()),
                        b -> norm(b, x.oracle(), weight.oracle(), gradient.oracle(), target.oracle()));
                double factor = Math.min(1000, 2 / magnitude);
                parity.verify("rmsNormVjp " + width, target, 4 * factor * (width + 4) * FLOAT_ULP, 0);
            }
        }
    }

    /** So that no factor of a norm becomes large. */
    private double awayFromZero() {
        return (parity.random.nextBoolean() ? 1 : -1) * (0.5 + parity.random.nextDouble() / 2);
    }

    private static void norm(ComputeBackend b, Tensor x, Tensor weight, Tensor gradient, Tensor target) {
        b.gradients().rmsNormVjp(x, weight, 1e-6, gradient, target);
    }

    @Test
    void aNormsGradientMayTakeThePlaceOfAnOperand() {
        Both x = parity.random(DType.F32, 5, 24, 1);
        Both weight = parity.random(DType.F32, 1, 8, 1);
        Both gradient = parity.random(DType.F32, 5, 24, 1);
        Both target = parity.zeros(DType.F32, 5, 24);
        norm(backend, x.subject(), weight.subject(), gradient.subject(), target.subject());
        norm(backend, x.subject(), weight.subject(), gradient.subject(), gradient.subject());
        assertThat(parity.values(gradient.subject())).isDeepEqualTo(parity.values(target.subject()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 127, 128, 129, 257})
    void goesBackThroughAttention(int seqLen) {
        for (int headDim : new int[] {1, 8, 13}) {
            for (int kvHeads : new int[] {1, 2, 4}) {
                for (double scale : new double[] {0.3, 5}) {
                    attention(seqLen, headDim, kvHeads, scale);
                }
            }
        }
    }

    private void attention(int seqLen, int headDim, int kvHeads, double scale) {
        int tokens = 2 * seqLen;
        Both q = parity.random(DType.F32, tokens, 4 * headDim, 1);
        Both k = parity.random(DType.F32, tokens, kvHeads * headDim, 1);
        Both v = parity.random(DType.F32, tokens, kvHeads * headDim, 1);
        Both gradient = parity.random(DType.F32, tokens, 4 * headDim, 1);
        Both dq = parity.filled(DType.F32, tokens, 4 * headDim, () -> Double.NaN);
        Both dk = parity.filled(DType.F32, tokens, kvHeads * headDim, () -> Double.NaN);
        Both dv = parity.filled(DType.F32, tokens, kvHeads * headDim, () -> Double.NaN);
        Attention subject = new Attention(q.subject(), k.subject(), v.subject(), seqLen, 4, kvHeads, scale);
        Attention oracle = new Attention(q.oracle(), k.oracle(), v.oracle(), seqLen, 4, kvHeads, scale);
        parity.run(
                b -> b.gradients().attentionVjp(subject, gradient.subject(), dq.subject(), dk.subject(), dv.subject()),
                b -> b.gradients().attentionVjp(oracle, gradient.oracle(), dq.oracle(), dk.oracle(), dv.oracle()));
        // As for attention itself; a slope is a product of headDim terms, and keys meet queries of several heads.
        double relative = (20 + 8 * scale * headDim + seqLen) * FLOAT_ULP;
        double slope = 2 * scale * headDim;
        double met = 4.0 / kvHeads * (1 + Math.log(seqLen));
        parity.verify("dq", dq, relative * slope, 0);
        parity.verify("dk", dk, relative * slope * met, 0);
        parity.verify("dv", dv, relative * met, 0);
    }

    @Test
    void goesBackThroughGates() {
        for (double magnitude : new double[] {1e-6, 1, 30, 1e4}) {
            Both gate = parity.random(DType.F32, 5, 257, magnitude);
            Both up = parity.random(DType.F32, 5, 257, 1);
            Both gradient = parity.random(DType.F32, 5, 257, 1);
            Both dGate = parity.zeros(DType.F32, 5, 257);
            Both dUp = parity.zeros(DType.F32, 5, 257);
            parity.run(
                    b -> b.gradients()
                            .siluGateVjp(
                                    gate.subject(), up.subject(), gradient.subject(), dGate.subject(), dUp.subject()),
                    b -> b.gradients()
                            .siluGateVjp(gate.oracle(), up.oracle(), gradient.oracle(), dGate.oracle(), dUp.oracle()));
            parity.verify("dGate", dGate, 24 * FLOAT_ULP, 12 * FLOAT_ULP);
            parity.verify("dUp", dUp, 2.7e-37, 10 * FLOAT_ULP);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 257, 5000})
    void drawsTheSameLabelsFromTheSameLogits(int vocabulary) {
        for (double magnitude : new double[] {0, 1, 20}) {
            int tokens = 40;
            Both logits = parity.random(DType.F32, tokens, vocabulary, magnitude);
            long seed = parity.random.nextLong();
            Both labels = parity.ints(new int[tokens]);
            Both expected = parity.ints(new int[tokens]);
            parity.run(
                    b -> b.gradients().sampleLabels(logits.subject(), seed, 1L << 40, labels.subject()),
                    b -> b.gradients().sampleLabels(logits.oracle(), seed, 1L << 40, expected.oracle()));
            double[] drawn = parity.values(labels.subject())[0];
            assertThat(drawn).as(parity.seed()).containsExactly(elements(expected));
            for (int from = 0; from < tokens; from += 13) {
                int to = Math.min(tokens, from + 13);
                Tensor part = parity.ints(new int[to - from]).subject();
                backend.gradients().sampleLabels(logits.subject().rows(from, to), seed, (1L << 40) + from, part);
                assertThat(parity.values(part)[0]).containsExactly(Arrays.copyOfRange(drawn, from, to));
            }
        }
    }

    private static double[] elements(Both ints) {
        return HostTensor.of(ints.oracle()).row(0);
    }

    /** The labels of many tokens are distributed as softmax says; those of two seeds do not depend on each other. */
    @Test
    void drawsFromTheDistribution() {
        int tokens = 20_000;
        double[] row = {0.7, -1, 2, 0, 1.2};
        int[] next = {0};
        Both logits = parity.filled(DType.F32, tokens, row.length, () -> row[next[0]++ % row.length]);
        double total = Arrays.stream(row).map(Math::exp).sum();
        long seed = parity.random.nextLong();
        int[] first = draw(logits, seed);
        int[] second = draw(logits, seed + 1);
        for (int i = 0; i < row.length; i++) {
            int label = i;
            double p = Math.exp(row[i]) / total;
            double share = IntStream.of(first).filter(each -> each == label).count() / (double) tokens;
            double both = IntStream.range(0, tokens)
                            .filter(t -> first[t] == label && second[t] == label)
                            .count()
                    / (double) tokens;
            assertThat(share).as("label %d, %s", i, parity.seed()).isCloseTo(p, within(deviations(p, tokens)));
            assertThat(both).as("pairs %d, %s", i, parity.seed()).isCloseTo(p * p, within(deviations(p * p, tokens)));
        }
    }

    /** Five and a half standard deviations: once in ten million. */
    private static double deviations(double p, int draws) {
        return 5.5 * Math.sqrt(p * (1 - p) / draws);
    }

    private int[] draw(Both logits, long seed) {
        Tensor labels = parity.ints(new int[logits.rows()]).subject();
        backend.gradients().sampleLabels(logits.subject(), seed, 0, labels);
        return Arrays.stream(parity.values(labels)[0])
                .mapToInt(label -> (int) label)
                .toArray();
    }

    @Test
    void neverDrawsWhatIsImpossibleOrNoNumber() {
        double[] row = {Double.NaN, Double.NEGATIVE_INFINITY, -50, Double.NaN};
        int[] next = {0};
        Both logits = parity.filled(DType.F32, 100, row.length, () -> row[next[0]++ % row.length]);
        assertThat(draw(logits, 3)).containsOnly(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 257, 5000})
    void goesBackThroughTheLoss(int vocabulary) {
        for (double magnitude : new double[] {0.1, 20}) {
            int tokens = 9;
            Both logits = parity.random(DType.F32, tokens, vocabulary, magnitude);
            Both target = parity.zeros(DType.F32, tokens, vocabulary);
            Both labels = parity.ints(IntStream.range(0, tokens)
                    .map(t -> parity.random.nextInt(vocabulary))
                    .toArray());
            parity.run(
                    b -> b.gradients().logitGradient(logits.subject(), labels.subject(), target.subject()),
                    b -> b.gradients().logitGradient(logits.oracle(), labels.oracle(), target.oracle()));
            parity.verify("logitGradient", target, FLOAT_ULP, (8 + 4 * magnitude) * FLOAT_ULP);
        }
    }
}
