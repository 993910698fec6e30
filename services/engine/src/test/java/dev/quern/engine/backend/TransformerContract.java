package dev.quern.engine.backend;

import static dev.quern.engine.backend.Parity.FLOAT_ULP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.Transformer.TokenGrid;
import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of a decoder as JavaBackend in float64 makes them. */
public abstract class TransformerContract extends BackendContract {
    @Test
    void embedsTokens() {
        for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
            Both table = parity.random(type, 50, 67, 2);
            Both ids = parity.ints(3, 0, 49, 3, 17);
            Both target = parity.zeros(DType.F32, 5, 67);
            parity.run(
                    b -> b.transformer().embedding(ids.subject(), table.subject(), target.subject()),
                    b -> b.transformer().embedding(ids.oracle(), table.oracle(), target.oracle()));
            parity.verify("embedding", target, 0, 0);
        }
        Both table = parity.zeros(DType.F32, 5, 5);
        Tensor target = parity.zeros(DType.F32, 1, 5).subject();
        assertThatThrownBy(() -> backend.transformer().embedding(parity.ints(5).subject(), table.subject(), target))
                .hasMessage("token: 5 (expected: 0 to 4)");
    }

    @Test
    void normalisesRowsAndHeads() {
        for (int width : SIZES) {
            for (double magnitude : new double[] {1e-18, 1, 1e15}) {
                Both x = parity.random(DType.F32, 5, 3 * width, magnitude);
                Both weight = parity.random(DType.F32, 1, width, 2);
                Both target = parity.zeros(DType.F32, 5, 3 * width);
                parity.run(
                        b -> b.transformer().rmsNorm(x.subject(), weight.subject(), 1e-6, target.subject()),
                        b -> b.transformer().rmsNorm(x.oracle(), weight.oracle(), 1e-6, target.oracle()));
                parity.verify("rmsNorm " + width, target, 0, width * FLOAT_ULP);
            }
        }
    }

    @Test
    void rotates() {
        for (int headDim : new int[] {2, 6, 64, 128}) {
            Both x = parity.random(DType.F32, 7 * 3, 4 * headDim, 5);
            Both cos = parity.random(DType.F32, 9, headDim / 2, 1);
            Both sin = parity.random(DType.F32, 9, headDim / 2, 1);
            parity.run(
                    b -> b.transformer().rope(x.subject(), 7, headDim, cos.subject(), sin.subject()),
                    b -> b.transformer().rope(x.oracle(), 7, headDim, cos.oracle(), sin.oracle()));
            parity.verify("rope " + headDim, x, 40 * FLOAT_ULP, 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 127, 128, 129, 257})
    void attends(int seqLen) {
        for (int headDim : new int[] {1, 8, 13}) {
            for (double scale : new double[] {0.3, 50}) {
                Both q = parity.random(DType.F32, 2 * seqLen, 4 * headDim, 1);
                Both k = parity.random(DType.F32, 2 * seqLen, 2 * headDim, 1);
                Both v = parity.random(DType.F32, 2 * seqLen, 2 * headDim, 1);
                Both target = parity.zeros(DType.F32, 2 * seqLen, 4 * headDim);
                parity.run(
                        b -> b.transformer()
                                .attention(
                                        q.subject(), k.subject(), v.subject(), seqLen, 4, 2, scale, target.subject()),
                        b -> b.transformer()
                                .attention(q.oracle(), k.oracle(), v.oracle(), seqLen, 4, 2, scale, target.oracle()));
                // Scores reach scale * headDim; an error of theirs is one of the weights, relatively.
                parity.verify("attention", target, (20 + 8 * scale * headDim + seqLen) * FLOAT_ULP, 0);
            }
        }
    }

    @Test
    void gates() {
        for (double magnitude : new double[] {1e-6, 1, 30, 1e4}) {
            Both gate = parity.random(DType.F32, 5, 257, magnitude);
            Both up = parity.random(DType.F32, 5, 257, 1);
            Both target = parity.zeros(DType.F32, 5, 257);
            parity.run(
                    b -> b.transformer().siluGate(gate.subject(), up.subject(), target.subject()),
                    b -> b.transformer().siluGate(gate.oracle(), up.oracle(), target.oracle()));
            // Below -88.72 exp(-x) is no float32: what is 0 there is at most 88.72 / (2^128 - 2^104) in truth.
            parity.verify("silu", target, 2.7e-37, 8 * FLOAT_ULP);
        }
    }

    @Test
    void roundsTokens() {
        for (int width : SIZES) {
            for (boolean symmetric : new boolean[] {true, false}) {
                for (double magnitude : new double[] {1e-30, 1, 1e30}) {
                    TokenGrid grid = new TokenGrid(
                            width, 2 + parity.random.nextInt(15), symmetric, 0.5 + parity.random.nextDouble() / 2);
                    Both x = parity.random(DType.F32, 5, 3 * width, magnitude);
                    Both target = parity.zeros(DType.F32, 5, 3 * width);
                    parity.run(
                            b -> b.transformer().fakeQuantize(x.subject(), grid, target.subject()),
                            b -> b.transformer().fakeQuantize(x.oracle(), grid, target.oracle()));
                    parity.verify("fakeQuantize " + grid, target, 0, FLOAT_ULP);
                    parity.run(
                            b -> b.transformer().fakeQuantize(x.subject(), grid, x.subject()),
                            b -> b.transformer().fakeQuantize(x.oracle(), grid, x.oracle()));
                    parity.verify("fakeQuantize in place " + grid, x, 0, FLOAT_ULP);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 257, 5000})
    void comparesLogits(int vocabulary) {
        for (double magnitude : new double[] {0.1, 20}) {
            int tokens = 9;
            Both p = parity.random(DType.F32, tokens, vocabulary, magnitude);
            Both noise = parity.random(DType.F32, tokens, vocabulary, magnitude / 20);
            Both q = parity.zeros(DType.F32, tokens, vocabulary);
            parity.run(
                    b -> b.elementwise().add(p.subject(), noise.subject(), q.subject()),
                    b -> b.elementwise().add(p.oracle(), noise.oracle(), q.oracle()));
            Both exact = parity.filled(DType.F32, tokens, vocabulary, elements(HostTensor.of(q.oracle())));
            int[] labels = new int[tokens];
            Arrays.setAll(labels, t -> t == 4 ? -1 : parity.random.nextInt(vocabulary));
            compare(p, exact, parity.ints(labels), magnitude);
            compare(p, p, parity.ints(labels), 0);
        }
    }

    private void compare(Both p, Both q, Both labels, double magnitude) {
        int tokens = p.rows();
        Both figures = parity.zeros(DType.F32, 3, tokens);
        Tensor top1 = parity.zeros(DType.U8, 1, tokens).subject();
        HostTensor expectedTop1 = HostTensor.over(MemorySegment.ofArray(new byte[tokens]), DType.U8, 1, tokens);
        parity.run(
                b -> divergence(b, p.subject(), q.subject(), labels.subject(), figures.subject(), top1),
                b -> divergence(b, p.oracle(), q.oracle(), labels.oracle(), figures.oracle(), expectedTop1));
        parity.verify("nll", figures.rows(0, 2), 4 * FLOAT_ULP * (1 + magnitude), 4 * FLOAT_ULP);
        // Each exponential may be an ulp off, and with it the logarithm of their sum; equal logits cancel exactly.
        parity.verify("kl", figures.rows(2, 3), magnitude == 0 ? 0 : 4 * FLOAT_ULP * (1 + magnitude), 4 * FLOAT_ULP);
        assertThat(parity.values(top1)[0]).as(parity.seed()).containsExactly(expectedTop1.row(0));
    }

    private static void divergence(ComputeBackend b, Tensor p, Tensor q, Tensor labels, Tensor figures, Tensor top1) {
        b.transformer().divergence(p, q, labels, figures.rows(0, 1), figures.rows(1, 2), figures.rows(2, 3), top1);
    }
}
