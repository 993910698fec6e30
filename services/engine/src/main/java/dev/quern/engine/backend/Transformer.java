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
