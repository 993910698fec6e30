package dev.quern.openblas.vector;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.GradientsChecks;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.host.GumbelNoise;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;

/** The steps of a decoder backwards, over rows; attention by products. */
public final class VectorGradients implements Gradients {
    private final HostThreads threads;
    private final VectorAttentionVjp attention;

    public VectorGradients(HostAllocator allocator, HostThreads threads) {
        this.threads = threads;
        this.attention = new VectorAttentionVjp(allocator, threads);
    }

    @Override
    public void rmsNormVjp(Tensor x, Tensor weight, double eps, Tensor gradient, Tensor target) {
        GradientsChecks.rmsNormVjp(x, weight, gradient, target);
        double[] factors = HostTensor.of(weight).row(0);
        RowTasks.run(threads, x.rows(), x.cols(), (begin, end) -> {
            double[] values = new double[x.cols()];
            double[] back = new double[x.cols()];
            for (int t = begin; t < end; t++) {
                Rows.read(HostTensor.of(x), t, values);
                Rows.read(HostTensor.of(gradient), t, back);
                for (int from = 0; from < values.length; from += factors.length) {
                    denormalise(values, from, factors, eps, back);
                }
                Rows.write(back, HostTensor.of(target), t);
            }
        });
    }

    /** {@code g_i = s w_i g_i - x_i s³ Σ_j w_j g_j x_j / n}. */
    private static void denormalise(double[] x, int from, double[] weight, double eps, double[] g) {
        int end = from + weight.length;
        for (int i = 0; i < weight.length; i++) {
            g[from + i] *= weight[i];
        }
        double scale = 1 / Math.sqrt(Sums.dot(x, x, from, end) / weight.length + eps);
        double share = scale * scale * Sums.dot(g, x, from, end) / weight.length;
        for (int i = from; i < end; i++) {
            g[i] = scale * (g[i] - x[i] * share);
        }
    }

    @Override
    public void attentionVjp(Attention step, Tensor gradient, Tensor dq, Tensor dk, Tensor dv) {
        attention.attentionVjp(step, gradient, dq, dk, dv);
    }

    @Override
    public void siluGateVjp(Tensor gate, Tensor up, Tensor gradient, Tensor dGate, Tensor dUp) {
        GradientsChecks.siluGateVjp(gate, up, gradient, dGate, dUp);
        Shapes.dtype("dGate", dGate, DType.F32, DType.BF16);
        Shapes.dtype("dUp", dUp, DType.F32, DType.BF16);
        RowTasks.run(threads, gate.rows(), gate.cols(), (begin, end) -> {
            int n = gate.cols();
            float[] x = new float[n];
            float[] factor = new float[n];
            float[] g = new float[n];
            float[] sigmoid = new float[n];
            float[] rest = new float[n];
            for (int r = begin; r < end; r++) {
                Rows.read(HostTensor.of(gate), r, x);
                Rows.read(HostTensor.of(up), r, factor);
                Rows.read(HostTensor.of(gradient), r, g);
                VectorMath.sigmoid(x, sigmoid, rest, n);
                for (int i = 0; i < n; i++) {
                    float slope = g[i] * sigmoid[i];
                    factor[i] = slope * factor[i] * (1f + x[i] * rest[i]);
                    g[i] = slope * x[i];
                }
                Rows.write(factor, HostTensor.of(dGate), r);
                Rows.write(g, HostTensor.of(dUp), r);
            }
        });
    }

    @Override
    public void sampleLabels(Tensor logits, long seed, long firstToken, Tensor labels) {
        GradientsChecks.sampleLabels(logits, firstToken, labels);
        RowTasks.run(threads, logits.rows(), logits.cols(), (begin, end) -> {
            float[] row = new float[logits.cols()];
            for (int t = begin; t < end; t++) {
                Rows.read(HostTensor.of(logits), t, row);
                int label = draw(row, new GumbelNoise(seed, firstToken + t));
                HostTensor.of(labels).set(0, t, label);
            }
        });
    }

    /** Most elements cannot win however their noise comes out: a bound of it is enough for them. */
    private static int draw(float[] logits, GumbelNoise noise) {
        int label = 0;
        double best = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < logits.length; i++) {
            if (logits[i] + noise.bound(i) > best) {
                double drawn = logits[i] + noise.at(i);
                if (drawn > best) {
                    best = drawn;
                    label = i;
                }
            }
        }
        return label;
    }

    @Override
    public void logitGradient(Tensor logits, Tensor labels, Tensor target) {
        GradientsChecks.logitGradient(logits, labels, target);
        Shapes.dtype("target", target, DType.F32, DType.BF16);
        int[] drawn = HostTensor.of(labels).ints();
        RowTasks.run(threads, logits.rows(), logits.cols(), (begin, end) -> {
            float[] p = new float[logits.cols()];
            for (int t = begin; t < end; t++) {
                GradientsChecks.label(drawn[t], p.length);
                Rows.read(HostTensor.of(logits), t, p);
                softmax(p);
                p[drawn[t]] -= 1f;
                Rows.write(p, HostTensor.of(target), t);
            }
        });
    }

    /** Summed in float64: a vocabulary is long. */
    private static void softmax(float[] x) {
        VectorMath.exp(x, 1f, VectorMath.max(x, x.length), x, x.length);
        double[] sums = new double[8];
        for (int i = 0; i < x.length; i++) {
            sums[i & 7] += x[i];
        }
        double scale = 1 / Sums.sum(sums, 0, 8);
        for (int i = 0; i < x.length; i++) {
            x[i] = (float) (x[i] * scale);
        }
    }
}
