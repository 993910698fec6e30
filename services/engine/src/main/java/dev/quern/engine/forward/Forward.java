package dev.quern.engine.forward;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.WeightSource;
import java.util.List;

/**
 * A whole model over one tile, a block's weights in memory at a time. For checks: what runs many tiles walks the blocks
 * itself, so that every weight is loaded once.
 */
public final class Forward {
    private final ComputeBackend backend;
    private final Architecture architecture;
    private final WeightSource source;

    public Forward(ComputeBackend backend, Architecture architecture, WeightSource source) {
        this.backend = backend;
        this.architecture = architecture;
        this.source = source;
    }

    /**
     * @param ids I32 [1, windows * seqLen]
     * @param logits [windows * seqLen, vocabulary] in the working dtype, out
     */
    public void logits(Tensor ids, int seqLen, Tensor logits) {
        try (Scope scope = backend.memory().scope();
                Embedding embedding = new Embedding(backend, architecture, source);
                OutputHead head = new OutputHead(backend, architecture, source, Cancellation.NEVER)) {
            Tensor hidden = scope.reserve(backend.workingType(), ids.cols(), architecture.hidden());
            embedding.apply(ids, hidden);
            blocks(hidden, seqLen);
            head.apply(List.of(hidden), List.of(logits));
        }
    }

    private void blocks(Tensor hidden, int seqLen) {
        try (Interpreter interpreter = new Interpreter(backend, seqLen, Cancellation.NEVER)) {
            for (Block block : architecture.blocks()) {
                try (BlockWeights weights = new BlockWeights(backend, source, block)) {
                    interpreter.run(weights, hidden, hidden, LinearInputs.NONE);
                }
            }
        }
    }
}
