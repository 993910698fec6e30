package dev.quern.openblas.vector;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Gradients.Attention;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.AttentionShape;
import dev.quern.engine.backend.check.GradientsChecks;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.openblas.blas.Blas;
import java.util.Arrays;

/**
 * Causal attention backwards, a task per window and key/value head: tiles of queries against all keys that one of them
 * sees, five products per tile.
 */
final class VectorAttentionVjp {
    /** As for {@link VectorAttention}. */
    private static final int QUERIES = 128;

    private final HostAllocator allocator;
    private final HostThreads threads;

    VectorAttentionVjp(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
    }

    void attentionVjp(Attention attention, Tensor gradient, Tensor dq, Tensor dk, Tensor dv) {
        AttentionShape shape = GradientsChecks.attentionVjp(attention, gradient, dq, dk, dv);
        for (Tensor tensor : new Tensor[] {attention.q(), attention.k(), attention.v(), gradient, dq, dk, dv}) {
            Shapes.dtype("q, k, v and gradients", tensor, DType.F32);
        }
        int group = shape.heads() / shape.kvHeads();
        // The heads that share keys and values add to the same gradients, so they are one task.
        threads.run(shape.windows() * shape.kvHeads(), task -> {
            int start = task / shape.kvHeads() * attention.seqLen();
            int end = start + attention.seqLen();
            int first = task % shape.kvHeads() * group;
            Shared shared = new Shared(
                    HostTensor.of(shape.keyValue(attention.k(), first)).rows(start, end),
                    HostTensor.of(shape.keyValue(attention.v(), first)).rows(start, end),
                    attention.scale(),
                    HostTensor.of(shape.keyValue(dk, first)).rows(start, end),
                    HostTensor.of(shape.keyValue(dv, first)).rows(start, end));
            for (int head = first; head < first + group; head++) {
                Queries queries = new Queries(
                        HostTensor.of(shape.query(attention.q(), head)).rows(start, end),
                        HostTensor.of(shape.query(gradient, head)).rows(start, end),
                        HostTensor.of(shape.query(dq, head)).rows(start, end));
                back(queries, shared, head > first);
            }
        });
    }

    /** What the heads of a group have in common. */
    private record Shared(HostTensor k, HostTensor v, double scale, HostTensor dk, HostTensor dv) {}

    /** A head's own part. */
    private record Queries(HostTensor q, HostTensor gradient, HostTensor dq) {}

    /** The last tile sees all keys: it comes first, and what it sets the others add to. */
    private void back(Queries head, Shared shared, boolean adds) {
        int seqLen = head.q.rows();
        try (Scope scope = allocator.scratch()) {
            int height = Math.min(QUERIES, seqLen);
            HostTensor weights = HostTensor.of(scope.allocate(DType.F32, height, seqLen));
            HostTensor slopes = HostTensor.of(scope.allocate(DType.F32, height, seqLen));
            for (int from = (seqLen - 1) / QUERIES * QUERIES; from >= 0; from -= QUERIES) {
                int to = Math.min(seqLen, from + QUERIES);
                HostTensor p = weights.rows(0, to - from).cols(0, to);
                HostTensor s = slopes.rows(0, to - from).cols(0, to);
                double before = adds || to < seqLen ? 1 : 0;
                tile(head, shared, from, p, s, before);
            }
        }
    }

    private static void tile(Queries head, Shared shared, int from, HostTensor p, HostTensor s, double before) {
        int to = from + p.rows();
        HostTensor q = head.q.rows(from, to);
        HostTensor g = head.gradient.rows(from, to);
        HostTensor k = shared.k.rows(0, to);
        Blas.gemm(shared.scale, q, false, k, true, 0, p);
        Blas.gemm(1, g, false, shared.v.rows(0, to), true, 0, s);
        softmaxVjp(p, s, from);
        Blas.gemm(1, p, true, g, false, before, shared.dv.rows(0, to));
        Blas.gemm(shared.scale, s, false, k, false, 0, head.dq.rows(from, to));
        Blas.gemm(shared.scale, s, true, q, false, before, shared.dk.rows(0, to));
    }

    /**
     * Turns scores into probabilities, 0 beyond the causal edge, and the slopes by them into slopes by the scores.
     *
     * @param from the first query
     */
    private static void softmaxVjp(HostTensor scores, HostTensor slopes, int from) {
        float[] p = new float[scores.cols()];
        float[] s = new float[scores.cols()];
        for (int t = 0; t < scores.rows(); t++) {
            int seen = from + t + 1;
            Rows.read(scores, t, p);
            Rows.read(slopes, t, s);
            VectorMath.softmax(p, seen);
            float mean = dot(p, s, seen);
            for (int i = 0; i < seen; i++) {
                s[i] = p[i] * (s[i] - mean);
            }
            Arrays.fill(p, seen, p.length, 0f);
            Arrays.fill(s, seen, s.length, 0f);
            Rows.write(p, scores, t);
            Rows.write(s, slopes, t);
        }
    }

    /** In float64, eight running sums. */
    private static float dot(float[] a, float[] b, int n) {
        double[] sums = new double[8];
        for (int i = 0; i < n; i++) {
            sums[i & 7] += (double) a[i] * b[i];
        }
        return (float) Sums.sum(sums, 0, 8);
    }
}
