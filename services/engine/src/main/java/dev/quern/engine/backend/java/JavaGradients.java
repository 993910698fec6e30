package dev.quern.engine.backend.java;

import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.AttentionShape;
import dev.quern.engine.backend.check.GradientsChecks;
import dev.quern.engine.backend.host.GumbelNoise;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;

/** The steps of a decoder backwards, by their definitions. */
public final class JavaGradients implements Gradients {
    private final HostThreads threads;

    public JavaGradients(HostThreads threads) {
        this.threads = threads;
    }

    @Override
    public void rmsNormVjp(Tensor x, Tensor weight, double eps, Tensor gradient, Tensor target) {
        GradientsChecks.rmsNormVjp(x, weight, gradient, target);
        double[] factors = HostTensor.of(weight).row(0);
        threads.run(x.rows(), t -> {
            double[] values = HostTensor.of(x).row(t);
            double[] back = HostTensor.of(gradient).row(t);
            for (int from = 0; from < values.length; from += factors.length) {
                denormalise(values, from, factors, eps, back);
            }
            HostTensor.of(target).setRow(t, back);
        });
    }

    /** {@code g_i = s w_i g_i - x_i s³ Σ_j w_j g_j x_j / n}. */
    private static void denormalise(double[] x, int from, double[] weight, double eps, double[] g) {
        double squares = 0;
        double dot = 0;
        for (int i = 0; i < weight.length; i++) {
            squares += x[from + i] * x[from + i];
            dot += weight[i] * g[from + i] * x[from + i];
        }
        double scale = 1 / Math.sqrt(squares / weight.length + eps);
        double share = scale * scale * scale * dot / weight.length;
        for (int i = 0; i < weight.length; i++) {
            g[from + i] = scale * weight[i] * g[from + i] - x[from + i] * share;
        }
    }

    @Override
    public void attentionVjp(Attention attention, Tensor gradient, Tensor dq, Tensor dk, Tensor dv) {
        AttentionShape shape = GradientsChecks.attentionVjp(attention, gradient, dq, dk, dv);
        int seqLen = attention.seqLen();
        int group = shape.heads() / shape.kvHeads();
        // The heads that share keys and values add to the same gradients, so they are one task.
        threads.run(shape.windows() * shape.kvHeads(), task -> {
            int start = task / shape.kvHeads() * seqLen;
            int first = task % shape.kvHeads() * group;
            Head shared = new Head(
                    rows(shape.keyValue(attention.k(), first), start, seqLen),
                    rows(shape.keyValue(attention.v(), first), start, seqLen),
                    attention.scale());
            for (int head = first; head < first + group; head++) {
                double[][] queries = rows(shape.query(attention.q(), head), start, seqLen);
                shared.back(queries, rows(shape.query(gradient, head), start, seqLen));
                store(queries, shape.query(dq, head), start);
            }
            store(shared.dk, shape.keyValue(dk, first), start);
            store(shared.dv, shape.keyValue(dv, first), start);
        });
    }

    private static double[][] rows(Tensor matrix, int start, int count) {
        return JavaTransformer.rows(HostTensor.of(matrix).rows(start, start + count));
    }

    private static void store(double[][] values, Tensor target, int start) {
        for (int t = 0; t < values.length; t++) {
            HostTensor.of(target).setRow(start + t, values[t]);
        }
    }

    /** Keys and values of a window, and the gradients by them of the heads so far. */
    private static final class Head {
        private final double[][] k;
        private final double[][] v;
        private final double scale;
        private final double[][] dk;
        private final double[][] dv;

        Head(double[][] k, double[][] v, double scale) {
            this.k = k;
            this.v = v;
            this.scale = scale;
            this.dk = new double[k.length][k[0].length];
            this.dv = new double[v.length][v[0].length];
        }

        /** Replaces the queries of a head by the gradient by them. */
        void back(double[][] q, double[][] g) {
            for (int t = 0; t < q.length; t++) {
                double[] p = new double[t + 1];
                double[] slopes = new double[t + 1];
                for (int s = 0; s <= t; s++) {
                    p[s] = scale * JavaTransformer.dot(q[t], k[s]);
                    slopes[s] = JavaTransformer.dot(g[t], v[s]);
                }
                double total = JavaTransformer.exponentials(p);
                double mean = 0;
                for (int s = 0; s <= t; s++) {
                    p[s] /= total;
                    mean += p[s] * slopes[s];
                }
                double[] dq = new double[q[t].length];
                for (int s = 0; s <= t; s++) {
                    double ds = scale * p[s] * (slopes[s] - mean);
                    addScaled(ds, k[s], dq);
                    addScaled(ds, q[t], dk[s]);
                    addScaled(p[s], g[t], dv[s]);
                }
                q[t] = dq;
            }
        }

        private static void addScaled(double factor, double[] x, double[] target) {
            for (int i = 0; i < target.length; i++) {
                target[i] += factor * x[i];
            }
        }
    }

    @Override
    public void siluGateVjp(Tensor gate, Tensor up, Tensor gradient, Tensor dGate, Tensor dUp) {
        GradientsChecks.siluGateVjp(gate, up, gradient, dGate, dUp);
        threads.run(gate.rows(), r -> {
            for (int c = 0; c < gate.cols(); c++) {
                double x = HostTensor.of(gate).get(r, c);
                double factor = HostTensor.of(up).get(r, c);
                double g = HostTensor.of(gradient).get(r, c);
                double sigmoid = 1 / (1 + StrictMath.exp(-x));
                HostTensor.of(dGate).set(r, c, g * factor * sigmoid * (1 + x * (1 - sigmoid)));
                HostTensor.of(dUp).set(r, c, g * x * sigmoid);
            }
        });
    }

    @Override
    public void sampleLabels(Tensor logits, long seed, long firstToken, Tensor labels) {
        GradientsChecks.sampleLabels(logits, firstToken, labels);
        threads.run(logits.rows(), t -> {
            double[] row = HostTensor.of(logits).row(t);
            GumbelNoise noise = new GumbelNoise(seed, firstToken + t);
            int label = 0;
            double best = Double.NEGATIVE_INFINITY;
            for (int i = 0; i < row.length; i++) {
                double drawn = row[i] + noise.at(i);
                if (drawn > best) {
                    best = drawn;
                    label = i;
                }
            }
            HostTensor.of(labels).set(0, t, label);
        });
    }

    @Override
    public void logitGradient(Tensor logits, Tensor labels, Tensor target) {
        GradientsChecks.logitGradient(logits, labels, target);
        int[] drawn = HostTensor.of(labels).ints();
        threads.run(logits.rows(), t -> {
            GradientsChecks.label(drawn[t], logits.cols());
            double[] p = HostTensor.of(logits).row(t);
            double total = JavaTransformer.exponentials(p);
            for (int i = 0; i < p.length; i++) {
                p[i] /= total;
            }
            p[drawn[t]] -= 1;
            HostTensor.of(target).setRow(t, p);
        });
    }
}
