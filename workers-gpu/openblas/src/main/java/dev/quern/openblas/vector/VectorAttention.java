package dev.quern.openblas.vector;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.AttentionShape;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.openblas.blas.Blas;
import java.util.Arrays;

/**
 * Causal attention, a task per window and head: tiles of queries against all keys that one of them sees, two products
 * per tile.
 */
final class VectorAttention {
    /** A tile's products reach past the causal edge by half of this; a smaller one makes the products slower. */
    private static final int QUERIES = 128;

    private final HostAllocator allocator;
    private final HostThreads threads;

    VectorAttention(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
    }

    void attention(Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale, Tensor target) {
        AttentionShape shape = AttentionShape.of(q, k, v, seqLen, heads, kvHeads, target);
        for (Tensor tensor : new Tensor[] {q, k, v, target}) {
            Shapes.dtype("q, k, v and target", tensor, DType.F32);
        }
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

    private void attend(HostTensor q, HostTensor k, HostTensor v, double scale, HostTensor target) {
        int seqLen = q.rows();
        try (Scope scope = allocator.scratch()) {
            HostTensor scores = HostTensor.of(scope.reserve(DType.F32, Math.min(QUERIES, seqLen), seqLen));
            float[] row = new float[seqLen];
            for (int from = 0; from < seqLen; from += QUERIES) {
                int to = Math.min(seqLen, from + QUERIES);
                HostTensor tile = scores.rows(0, to - from).cols(0, to);
                Blas.gemm(scale, q.rows(from, to), false, k.rows(0, to), true, 0, tile);
                for (int t = from; t < to; t++) {
                    Rows.read(tile, t - from, row);
                    VectorMath.softmax(row, t + 1);
                    Arrays.fill(row, t + 1, to, 0f);
                    Rows.write(row, tile, t - from);
                }
                Blas.gemm(1, tile, false, v.rows(0, to), false, 0, target.rows(from, to));
            }
        }
    }
}
