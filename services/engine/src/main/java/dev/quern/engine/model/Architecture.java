package dev.quern.engine.model;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A decoder as data: its embedding, its blocks, its head, and so the tensors that its checkpoint must have.
 *
 * @param modelType the {@code model_type} of config.json
 * @param maxPositions longest window that the model was made for
 * @param blocks in order; they may differ from each other
 */
public record Architecture(
        String modelType, int maxPositions, EmbeddingSpec embedding, List<Block> blocks, HeadSpec head) {

    /** The same around other blocks. */
    public Architecture withBlocks(List<Block> others) {
        return new Architecture(modelType, maxPositions, embedding, others, head);
    }

    /** Width of the residual stream. */
    public int hidden() {
        return embedding.hidden();
    }

    /** Rows of the embedding and of the head. */
    public int vocabulary() {
        return embedding.vocabulary();
    }

    /** The head's matrix is the embedding's. */
    public boolean tied() {
        return head.tied();
    }

    /** The name of the head's matrix, [vocabulary, hidden]. */
    public String headWeight() {
        return tied() ? embedding.weight() : head.ownWeight();
    }

    /** The programs of the blocks, each once, in the order in which they come first. */
    public List<BlockProgram> programs() {
        return blocks.stream().map(Block::program).distinct().toList();
    }

    /** The linears of all blocks, each shape of a name once, in the order in which they come first. */
    public List<LinearSpec> linears() {
        return programs().stream()
                .flatMap(program -> program.linears().stream())
                .distinct()
                .toList();
    }

    /** Every tensor that a checkpoint of this model must have. */
    public List<TensorSpec> tensors() {
        return tensorStream().toList();
    }

    /** The tensors outside the blocks: embedding, norm, and a head of its own. */
    public List<TensorSpec> outerTensors() {
        List<TensorSpec> outer = new ArrayList<>();
        outer.add(TensorSpec.matrix(embedding.weight(), vocabulary(), hidden()));
        outer.add(TensorSpec.vector(head.norm(), hidden()));
        if (!tied()) {
            outer.add(TensorSpec.matrix(head.ownWeight(), vocabulary(), hidden()));
        }
        return outer;
    }

    private Stream<TensorSpec> tensorStream() {
        Stream<TensorSpec> inside = blocks.stream().flatMap(block -> block.tensors().stream());
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

    /**
     * What old files carry beside the weights: tables that config.json determines, and a second copy of a tied head.
     */
    public boolean isIgnored(String name) {
        return name.endsWith(".rotary_emb.inv_freq") || isSecondHead(name);
    }

    /** A matrix of the head beside the embedding that it is tied to: loaders leave it out, and so does an output. */
    public boolean isSecondHead(String name) {
        return tied() && name.equals(head.ownWeight());
    }
}
