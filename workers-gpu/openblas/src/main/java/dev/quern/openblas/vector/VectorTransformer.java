package dev.quern.openblas.vector;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.check.TransformerChecks;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.TokenRounding;

/**
 * The steps of a decoder over rows; what costs an exponential per element runs through {@link VectorMath} in float32.
 */
public final class VectorTransformer implements Transformer {
    private final HostThreads threads;
    private final VectorAttention attention;
    private final VectorDivergence divergence;

    public VectorTransformer(HostAllocator allocator, HostThreads threads) {
        this.threads = threads;
        this.attention = new VectorAttention(allocator, threads);
        this.divergence = new VectorDivergence(threads);
    }

    @Override
    public void embedding(Tensor ids, Tensor table, Tensor target) {
        TransformerChecks.embedding(ids, table, target);
        int[] tokens = HostTensor.of(ids).ints();
        HostTensor vectors = HostTensor.of(table);
        HostTensor hidden = HostTensor.of(target);
        RowTasks.run(threads, tokens.length, table.cols(), (begin, end) -> {
            double[] values = new double[vectors.cols()];
            for (int t = begin; t < end; t++) {
                TransformerChecks.token(tokens[t], vectors);
                Rows.read(vectors, tokens[t], values);
                Rows.write(values, hidden, t);
            }
        });
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor target) {
        TransformerChecks.rmsNorm(x, weight, target);
        int width = weight.cols();
        HostTensor input = HostTensor.of(x);
        HostTensor output = HostTensor.of(target);
        double[] factors = HostTensor.of(weight).row(0);
        RowTasks.run(threads, x.rows(), x.cols(), (begin, end) -> {
            double[] values = new double[input.cols()];
            for (int t = begin; t < end; t++) {
                Rows.read(input, t, values);
                for (int from = 0; from < values.length; from += width) {
                    normalise(values, from, factors, eps);
                }
                Rows.write(values, output, t);
            }
        });
    }

    private static void normalise(double[] x, int from, double[] weight, double eps) {
        double squares = Sums.dot(x, x, from, from + weight.length);
        double scale = 1 / Math.sqrt(squares / weight.length + eps);
        for (int i = 0; i < weight.length; i++) {
            x[from + i] *= scale * weight[i];
        }
    }

    @Override
    public void rope(Tensor x, int seqLen, int headDim, Tensor cos, Tensor sin) {
        TransformerChecks.rope(x, seqLen, headDim, cos, sin);
        HostTensor vectors = HostTensor.of(x);
        RowTasks.run(threads, x.rows(), x.cols(), (begin, end) -> {
            double[] values = new double[vectors.cols()];
            double[] cosines = new double[headDim / 2];
            double[] sines = new double[headDim / 2];
            for (int t = begin; t < end; t++) {
                Rows.read(vectors, t, values);
                Rows.read(HostTensor.of(cos), t % seqLen, cosines);
                Rows.read(HostTensor.of(sin), t % seqLen, sines);
                for (int head = 0; head < values.length; head += headDim) {
                    rotate(values, head, cosines, sines);
                }
                Rows.write(values, vectors, t);
            }
        });
    }

    private static void rotate(double[] x, int head, double[] cos, double[] sin) {
        int half = cos.length;
        for (int i = 0; i < half; i++) {
            double first = x[head + i];
            double second = x[head + half + i];
            x[head + i] = first * cos[i] - second * sin[i];
            x[head + half + i] = second * cos[i] + first * sin[i];
        }
    }

    @Override
    public void attention(
            Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale, Tensor target) {
        attention.attention(q, k, v, seqLen, heads, kvHeads, scale, target);
    }

    @Override
    public void siluGate(Tensor gate, Tensor up, Tensor target) {
        TransformerChecks.siluGate(gate, up, target);
        HostTensor gates = HostTensor.of(gate);
        HostTensor ups = HostTensor.of(up);
        HostTensor output = HostTensor.of(target);
        Shapes.dtype("target", target, DType.F32, DType.BF16);
        RowTasks.run(threads, gate.rows(), gate.cols(), (begin, end) -> {
            float[] x = new float[gates.cols()];
            float[] factor = new float[gates.cols()];
            for (int r = begin; r < end; r++) {
                Rows.read(gates, r, x);
                Rows.read(ups, r, factor);
                VectorMath.siluTimes(x, factor, x, x.length);
                Rows.write(x, output, r);
            }
        });
    }

    @Override
    public void fakeQuantize(Tensor x, TokenGrid grid, Tensor target) {
        TransformerChecks.fakeQuantize(x, grid, target);
        HostTensor input = HostTensor.of(x);
        HostTensor output = HostTensor.of(target);
        RowTasks.run(threads, x.rows(), x.cols(), (begin, end) -> {
            double[] values = new double[input.cols()];
            for (int t = begin; t < end; t++) {
                Rows.read(input, t, values);
                TokenRounding.round(values, grid);
                Rows.write(values, output, t);
            }
        });
    }

    @Override
    public void divergence(
            Tensor original,
            Tensor compressed,
            Tensor labels,
            Tensor nllOriginal,
            Tensor nllCompressed,
            Tensor kl,
            Tensor top1) {
        divergence.divergence(original, compressed, labels, nllOriginal, nllCompressed, kl, top1);
    }
}
