package dev.quern.engine.model;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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

    /** The head where it is not the embedding. */
    public static final String OWN_HEAD = "lm_head.weight";

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
        return tied ? embedding() : OWN_HEAD;
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
        return tensorStream().toList();
    }

    /** The tensors outside the blocks: embedding, norm, and a head of its own. */
    public List<TensorSpec> outerTensors() {
        List<TensorSpec> outer = new ArrayList<>();
        outer.add(TensorSpec.matrix(embedding(), vocabulary, hidden));
        outer.add(TensorSpec.vector(finalNorm(), hidden));
        if (!tied) {
            outer.add(TensorSpec.matrix(head(), vocabulary, hidden));
        }
        return outer;
    }

    private Stream<TensorSpec> tensorStream() {
        Stream<TensorSpec> inside = IntStream.range(0, blocks).boxed().flatMap(block -> tensors(block).stream());
        List<TensorSpec> outer = outerTensors();
        return Stream.of(outer.stream().limit(1), inside, outer.stream().skip(1))
                .flatMap(part -> part);
    }

    /**
     * Checks that a checkpoint has every tensor in its shape, and none that this program would leave out.
     *
     * @throws QuernException INVALID_CHECKPOINT or UNSUPPORTED_ARCHITECTURE, naming the first tensor that differs
     */
    public void check(Checkpoint checkpoint) {
        Set<String> known = new HashSet<>();
        // One at a time, and no further than the first that is missing: config.json may speak of more than memory
        // holds.
        tensorStream().forEach(tensor -> {
            checkpoint.requireTensors(Map.of(tensor.name(), tensor.shape()));
            known.add(tensor.name());
        });
        for (String name : checkpoint.tensorNames()) {
            if (!known.contains(name) && !isIgnored(name)) {
                throw new QuernException(
                        ErrorCode.UNSUPPORTED_ARCHITECTURE,
                        name + ": unexpected tensor (supported: those that " + modelType
                                + " has with this config.json)");
            }
        }
    }

    /** What old files carry beside the weights: tables that config.json determines, and a second copy of a tied head. */
    public boolean isIgnored(String name) {
        return name.endsWith(".rotary_emb.inv_freq") || (tied && name.equals(OWN_HEAD));
    }
}
