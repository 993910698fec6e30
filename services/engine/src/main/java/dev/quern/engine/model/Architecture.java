package dev.quern.engine.model;

import java.util.ArrayList;
import java.util.List;

/**
 * A decoder as data: sizes, the program of its blocks, and the tensors that its checkpoint must have.
 *
 * @param modelType the {@code model_type} of config.json
 * @param hidden width of the residual stream
 * @param blocks number of decoder blocks; all run the same program
 * @param vocabulary rows of the embedding
 * @param maxPositions longest window that the model was made for
 * @param tied the output head is the embedding
 * @param eps of the final norm
 * @param rope rotary embedding of every block
 */
public record Architecture(
        String modelType,
        int hidden,
        int blocks,
        int vocabulary,
        int maxPositions,
        boolean tied,
        double eps,
        RopeSpec rope,
        BlockProgram program) {

    /** The embedding, [vocabulary, hidden]. */
    public String embedding() {
        return "model.embed_tokens.weight";
    }

    /** The norm before the head. */
    public String finalNorm() {
        return "model.norm.weight";
    }

    /** The matrix of the output head, [vocabulary, hidden]: the embedding where they are tied. */
    public String head() {
        return tied ? embedding() : "lm_head.weight";
    }

    /** What the names of a block's tensors start with. */
    public String prefix(int block) {
        return "model.layers." + block + ".";
    }

    /** The tensors of one block by their full names, in program order. */
    public List<TensorSpec> tensors(int block) {
        return program.weights().stream()
                .map(tensor -> tensor.in(prefix(block)))
                .toList();
    }

    /** Every tensor that a checkpoint of this model must have. */
    public List<TensorSpec> tensors() {
        List<TensorSpec> tensors = new ArrayList<>();
        tensors.add(TensorSpec.matrix(embedding(), vocabulary, hidden));
        for (int block = 0; block < blocks; block++) {
            tensors.addAll(tensors(block));
        }
        tensors.add(TensorSpec.vector(finalNorm(), hidden));
        if (!tied) {
            tensors.add(TensorSpec.matrix(head(), vocabulary, hidden));
        }
        return tensors;
    }
}
