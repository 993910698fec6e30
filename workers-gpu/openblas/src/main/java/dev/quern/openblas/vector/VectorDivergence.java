package dev.quern.openblas.vector;

import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.TransformerChecks;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;

/**
 * Two rows of logits p and q compared: with {@code P_i = exp(p_i - max p)} in float32 and every sum in float64,
 * {@code KL = Σ P_i (p_i - q_i) / Σ P - lse(p) + lse(q)}, which is 0 to the last bit where the rows are equal.
 */
final class VectorDivergence {
    private final HostThreads threads;

    VectorDivergence(HostThreads threads) {
        this.threads = threads;
    }

    void divergence(
            Tensor original,
            Tensor compressed,
            Tensor labels,
            Tensor nllOriginal,
            Tensor nllCompressed,
            Tensor kl,
            Tensor top1) {
        TransformerChecks.divergence(original, compressed, labels, top1, nllOriginal, nllCompressed, kl);
        int[] next = HostTensor.of(labels).ints();
        RowTasks.run(threads, original.rows(), original.cols(), (begin, end) -> {
            Row p = new Row(original.cols());
            Row q = new Row(original.cols());
            for (int t = begin; t < end; t++) {
                int label = next[t];
                TransformerChecks.label(label, original.cols());
                p.load(HostTensor.of(original), t);
                q.load(HostTensor.of(compressed), t);
                HostTensor.of(nllOriginal).set(0, t, label < 0 ? 0 : p.logSum - p.logits[label]);
                HostTensor.of(nllCompressed).set(0, t, label < 0 ? 0 : q.logSum - q.logits[label]);
                HostTensor.of(kl).set(0, t, p.divergenceFrom(q));
                HostTensor.of(top1).set(0, t, p.argmax() == q.argmax() ? 1 : 0);
            }
        });
    }

    /** A row of logits and what one pass over it finds. */
    private static final class Row {
        private final float[] logits;
        private final float[] exponentials;
        private float max;
        private double sum;
        private double logSum;

        Row(int vocabulary) {
            logits = new float[vocabulary];
            exponentials = new float[vocabulary];
        }

        void load(HostTensor source, int row) {
            Rows.read(source, row, logits);
            max = VectorMath.max(logits, logits.length);
            VectorMath.exp(logits, 1f, max, exponentials, logits.length);
            double[] sums = new double[8];
            for (int i = 0; i < exponentials.length; i++) {
                sums[i & 7] += exponentials[i];
            }
            sum = Sums.sum(sums, 0, 8);
            logSum = max + StrictMath.log(sum);
        }

        double divergenceFrom(Row other) {
            double[] sums = new double[8];
            for (int i = 0; i < logits.length; i++) {
                sums[i & 7] += exponentials[i] * ((double) logits[i] - other.logits[i]);
            }
            return Sums.sum(sums, 0, 8) / sum - logSum + other.logSum;
        }

        /** The first index of the largest logit. */
        int argmax() {
            for (int i = 0; i < logits.length; i++) {
                if (logits[i] == max) {
                    return i;
                }
            }
            return -1;
        }
    }
}
