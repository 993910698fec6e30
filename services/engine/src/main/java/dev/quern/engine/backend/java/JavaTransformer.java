package dev.quern.engine.backend.java;

import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer;
import dev.quern.engine.backend.check.AttentionShape;
import dev.quern.engine.backend.check.TransformerChecks;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.host.TokenRounding;
import java.util.Arrays;

/** The steps of a decoder by their definitions. StrictMath, whose bits are the same on every machine. */
public final class JavaTransformer implements Transformer {
    private final HostThreads threads;

    public JavaTransformer(HostThreads threads) {
        this.threads = threads;
    }

    @Override
    public void embedding(Tensor ids, Tensor table, Tensor target) {
        TransformerChecks.embedding(ids, table, target);
        int[] tokens = HostTensor.of(ids).ints();
        HostTensor vectors = HostTensor.of(table);
        HostTensor hidden = HostTensor.of(target);
        threads.run(tokens.length, t -> {
            TransformerChecks.token(tokens[t], vectors);
            hidden.setRow(t, vectors.row(tokens[t]));
        });
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor target) {
        TransformerChecks.rmsNorm(x, weight, target);
        int width = weight.cols();
        HostTensor input = HostTensor.of(x);
        HostTensor output = HostTensor.of(target);
        double[] factors = HostTensor.of(weight).row(0);
        threads.run(x.rows(), t -> {
            double[] values = input.row(t);
            for (int from = 0; from < values.length; from += width) {
                normalise(values, from, factors, eps);
            }
            output.setRow(t, values);
        });
    }

    /** {@code x_i = weight_i * x_i / sqrt(mean(x²) + eps)}. */
    private static void normalise(double[] x, int from, double[] weight, double eps) {
        double squares = 0;
        for (int i = 0; i < weight.length; i++) {
            squares += x[from + i] * x[from + i];
        }
        double scale = 1 / Math.sqrt(squares / weight.length + eps);
        for (int i = 0; i < weight.length; i++) {
            x[from + i] *= scale * weight[i];
        }
    }

    @Override
    public void rope(Tensor x, int seqLen, int headDim, Tensor cos, Tensor sin) {
        TransformerChecks.rope(x, seqLen, headDim, cos, sin);
        HostTensor vectors = HostTensor.of(x);
        HostTensor cosines = HostTensor.of(cos);
        HostTensor sines = HostTensor.of(sin);
        threads.run(x.rows(), t -> {
            double[] values = vectors.row(t);
            for (int head = 0; head < values.length; head += headDim) {
                rotate(values, head, cosines.row(t % seqLen), sines.row(t % seqLen));
            }
            vectors.setRow(t, values);
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
        AttentionShape shape = AttentionShape.of(q, k, v, seqLen, heads, kvHeads, target);
        threads.run(shape.windows() * heads, task -> {
            int start = task / heads * seqLen;
            int head = task % heads;
            HostTensor queries = HostTensor.of(shape.query(q, head)).rows(start, start + seqLen);
            HostTensor keys = HostTensor.of(shape.keyValue(k, head)).rows(start, start + seqLen);
            HostTensor values = HostTensor.of(shape.keyValue(v, head)).rows(start, start + seqLen);
            HostTensor output = HostTensor.of(shape.query(target, head)).rows(start, start + seqLen);
            attend(queries, keys, values, scale, output);
        });
    }

    private static void attend(HostTensor q, HostTensor k, HostTensor v, double scale, HostTensor target) {
        double[][] keys = rows(k);
        double[][] values = rows(v);
        for (int t = 0; t < q.rows(); t++) {
            double[] query = q.row(t);
            // Causal: token t sees 0 .. t.
            double[] weights = new double[t + 1];
            for (int s = 0; s <= t; s++) {
                weights[s] = scale * dot(query, keys[s]);
            }
            double[] sum = new double[v.cols()];
            double total = exponentials(weights);
            for (int s = 0; s <= t; s++) {
                double p = weights[s] / total;
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += p * values[s][i];
                }
            }
            target.setRow(t, sum);
        }
    }

    static double[][] rows(HostTensor matrix) {
        double[][] rows = new double[matrix.rows()][];
        Arrays.setAll(rows, matrix::row);
        return rows;
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Override
    public void siluGate(Tensor gate, Tensor up, Tensor target) {
        TransformerChecks.siluGate(gate, up, target);
        HostTensor gates = HostTensor.of(gate);
        HostTensor ups = HostTensor.of(up);
        HostTensor output = HostTensor.of(target);
        threads.run(gate.rows(), r -> {
            for (int c = 0; c < gates.cols(); c++) {
                double x = gates.get(r, c);
                output.set(r, c, x / (1 + StrictMath.exp(-x)) * ups.get(r, c));
            }
        });
    }

    @Override
    public void fakeQuantize(Tensor x, TokenGrid grid, Tensor target) {
        TransformerChecks.fakeQuantize(x, grid, target);
        HostTensor input = HostTensor.of(x);
        HostTensor output = HostTensor.of(target);
        threads.run(x.rows(), t -> {
            double[] values = input.row(t);
            TokenRounding.round(values, grid);
            output.setRow(t, values);
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
        TransformerChecks.divergence(original, compressed, labels, top1, nllOriginal, nllCompressed, kl);
        int[] next = HostTensor.of(labels).ints();
        threads.run(original.rows(), t -> {
            TransformerChecks.label(next[t], original.cols());
            double[] p = logSoftmax(HostTensor.of(original).row(t));
            double[] q = logSoftmax(HostTensor.of(compressed).row(t));
            HostTensor.of(nllOriginal).set(0, t, next[t] < 0 ? 0 : -p[next[t]]);
            HostTensor.of(nllCompressed).set(0, t, next[t] < 0 ? 0 : -q[next[t]]);
            HostTensor.of(kl).set(0, t, kullbackLeibler(p, q));
            HostTensor.of(top1).set(0, t, argmax(p) == argmax(q) ? 1 : 0);
        });
    }

    /** {@code Σ exp(p) (p - q)} of two rows of logarithms. */
    private static double kullbackLeibler(double[] p, double[] q) {
        double sum = 0;
        for (int i = 0; i < p.length; i++) {
            sum += StrictMath.exp(p[i]) * (p[i] - q[i]);
        }
        return sum;
    }

    private static double[] logSoftmax(double[] logits) {
        double max = max(logits);
        double log = StrictMath.log(exponentials(logits.clone()));
        for (int i = 0; i < logits.length; i++) {
            logits[i] = logits[i] - max - log;
        }
        return logits;
    }

    /** Replaces x by {@code exp(x - max x)}, which cannot overflow, and returns the sum. */
    static double exponentials(double[] x) {
        double max = max(x);
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            x[i] = StrictMath.exp(x[i] - max);
            sum += x[i];
        }
        return sum;
    }

    private static double max(double[] values) {
        double max = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            max = Math.max(max, value);
        }
        return max;
    }

    /** The first index of the largest value. */
    private static int argmax(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }
}
