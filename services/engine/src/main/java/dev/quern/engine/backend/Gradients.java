package dev.quern.engine.backend;

/**
 * The steps of {@link Transformer} backwards: from the gradient of a loss by what a step defines to the gradients by
 * what it reads. A rope goes backwards by the rope of the negative angles, an embedding not at all. The loss is the
 * cross entropy of labels drawn from the model's own distribution.
 */
public interface Gradients {
    /** The operands of {@link Transformer#attention}. */
    record Attention(Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale) {}

    /**
     * Backwards through {@link Transformer#rmsNorm}: {@code target_i = s w_i g_i - x_i s³ Σ_j w_j g_j x_j / n} over
     * each run of n columns, {@code s = 1 / sqrt(mean(x²) + eps)}.
     *
     * @param gradient g, shaped as x
     * @param target may be x or gradient
     */
    void rmsNormVjp(Tensor x, Tensor weight, double eps, Tensor gradient, Tensor target);

    /**
     * Backwards through attention; its probabilities are computed again. With P the probabilities of a head, O its
     * output and G the gradient by it: {@code dv = Pᵀ G, dS = P ∘ (G vᵀ - rows of (G ∘ O) summed), dq = scale dS k, dk
     * = scale dSᵀ q}. Of heads that share a key/value head, dk and dv add up.
     *
     * @param gradient shaped as q
     * @param dq shaped as q; dk and dv as k and v
     */
    void attentionVjp(Attention attention, Tensor gradient, Tensor dq, Tensor dk, Tensor dv);

    /**
     * Backwards through {@link Transformer#siluGate}: {@code dGate = g up σ (1 + gate (1 - σ)), dUp = g gate σ}, with σ
     * the sigmoid of gate.
     *
     * @param gradient g
     * @param dGate may be an operand, but not the same as dUp
     */
    void siluGateVjp(Tensor gate, Tensor up, Tensor gradient, Tensor dGate, Tensor dUp);

    /**
     * Draws a label for each token from softmax(logits): the index of the largest {@code logit_i + noise_i}, the lower
     * one of equals, with Gumbel noise that follows from seed, token and i alone. Neither the order of tokens nor how
     * they are split changes a label. A NaN is never drawn.
     *
     * @param logits [tokens, vocabulary]
     * @param firstToken of row 0 in the whole text: window times tokens of a window, plus the position
     * @param labels I32 [1, tokens], out
     */
    void sampleLabels(Tensor logits, long seed, long firstToken, Tensor labels);

    /**
     * The gradient of the cross entropy, summed and not averaged over the tokens: {@code target = softmax(logits) - 1
     * at the label}.
     *
     * @param logits [tokens, vocabulary]
     * @param labels I32 [1, tokens]
     * @param target may be logits
     */
    void logitGradient(Tensor logits, Tensor labels, Tensor target);
}
