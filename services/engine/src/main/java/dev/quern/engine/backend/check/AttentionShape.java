package dev.quern.engine.backend.check;

import dev.quern.engine.backend.Tensor;

/**
 * How the heads lie in q [tokens, heads * headDim] and in k and v [tokens, kvHeads * headDim]:
 *
 * <pre>
 * row t of q:  | head 0 | head 1 | head 2 | head 3 |      heads = 4
 * row t of k:  |      head 0     |      head 1     |      kvHeads = 2 (each as wide as a head of q)
 * </pre>
 */
public record AttentionShape(int windows, int headDim, int heads, int kvHeads) {
    /** @throws IllegalArgumentException for tensors that do not go together */
    public static AttentionShape of(Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, Tensor target) {
        Shapes.check("heads", heads, heads > 0 && q.cols() % heads == 0, "a divisor of " + q.cols());
        Shapes.check("kvHeads", kvHeads, kvHeads > 0 && heads % kvHeads == 0, "a divisor of " + heads);
        Shapes.check("seqLen", seqLen, seqLen > 0 && q.rows() % seqLen == 0, "a divisor of " + q.rows());
        int headDim = q.cols() / heads;
        Shapes.shape("k", k, q.rows(), kvHeads * headDim);
        Shapes.shape("v", v, q.rows(), kvHeads * headDim);
        Shapes.same("target", target, q);
        return new AttentionShape(q.rows() / seqLen, headDim, heads, kvHeads);
    }

    /** The columns of one head of q, or of the output. */
    public Tensor query(Tensor tensor, int head) {
        return tensor.cols(head * headDim, (head + 1) * headDim);
    }

    /** The columns of k or v that a head of q reads. */
    public Tensor keyValue(Tensor tensor, int head) {
        int shared = head * kvHeads / heads;
        return tensor.cols(shared * headDim, (shared + 1) * headDim);
    }
}
