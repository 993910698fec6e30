package dev.quern.engine.backend;

/** The steps of a decoder that are not products. Tokens are rows; windows of {@code seqLen} rows follow each other. */
public interface Transformer {
    /** {@code target[t, :] = table[ids[t], :]}; ids is I32 [1, tokens], table may be BF16 or F16. */
    void embedding(Tensor ids, Tensor table, Tensor target);

    /**
     * Root mean square norm over each run of {@code weight.cols()} columns: a whole row, or each head of q and k
     * (qwen3); target may be x.
     */
    void rmsNorm(Tensor x, Tensor weight, double eps, Tensor target);

    /**
     * Rotates each head of x [tokens, heads * headDim] in place, the half-split way of Llama: element i pairs with i +
     * headDim / 2.
     *
     * @param cos [positions, headDim / 2]; row t mod seqLen belongs to token t
     * @param sin as cos
     */
    void rope(Tensor x, int seqLen, int headDim, Tensor cos, Tensor sin);

    /**
     * Causal softmax attention within each window, {@code scale * q kᵀ}; query head h reads key/value head h * kvHeads
     * / heads.
     *
     * @param q [tokens, heads * headDim]
     * @param k [tokens, kvHeads * headDim], v likewise
     */
    void attention(Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale, Tensor target);

    /** {@code target = silu(gate) * up}; target may be gate or up. */
    void siluGate(Tensor gate, Tensor up, Tensor target);

    /**
     * A grid that is fitted anew to every token.
     *
     * @param width columns that share a scale
     * @param bits 2 to 16
     * @param symmetric has no zero point
     * @param clip the part of the range that the grid spans, more than 0, at most 1
     */
    record TokenGrid(int width, int bits, boolean symmetric, double clip) {}

    /**
     * Puts each run of {@code grid.width()} columns of a token on a grid of its own and decodes it again. Engines that
     * multiply integers, or keep integers in their cache, do the same. With b bits and x the values of the run:
     *
     * <pre>
     * symmetric:  s = clip max|x| / (2^(b-1) - 1),  target = s clamp(rint(x / s), -2^(b-1), 2^(b-1) - 1)
     * asymmetric: l = min(0, min x), h = max(0, max x), s = clip (h - l) / (2^b - 1), z = rint(-clip l / s),
     *             target = s (clamp(rint(x / s) + z, 0, 2^b - 1) - z)
     * </pre>
     *
     * Computed in float64 and rounded once; a run of zeros stays zero, and one with a value that is not finite becomes
     * NaN.
     *
     * @param target may be x
     */
    void fakeQuantize(Tensor x, TokenGrid grid, Tensor target);

    /**
     * Per-token comparison of two sets of logits [tokens, vocabulary], soft-maxed in the working precision at least.
     *
     * @param labels I32 [1, tokens], the token that follows; -1 where none does: nll is then 0
     * @param nllOriginal F32 or F64 [1, tokens], nats; nllCompressed likewise
     * @param kl [1, tokens]: KL(original ‖ compressed), nats
     * @param top1 U8 [1, tokens]: 1 where both have the same most probable token
     */
    void divergence(
            Tensor original,
            Tensor compressed,
            Tensor labels,
            Tensor nllOriginal,
            Tensor nllCompressed,
            Tensor kl,
            Tensor top1);
}
