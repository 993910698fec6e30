package dev.quern.engine.evaluation;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.forward.OutputHead;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Path;
import java.util.List;

/**
 * Walks the original and its compressed models side by side over the same text, block by block: a block's weights are
 * loaded once for all tiles, and only one block is in memory. Hidden states stay in the working dtype.
 */
public final class Evaluator {
    private final ComputeBackend backend;
    private final Architecture architecture;
    private final StoredModel model;
    private final Path scratch;

    /**
     * @param source the original model
     * @param scratch an existing folder for hidden states, tokens × hidden × 4 bytes for each model
     */
    public Evaluator(ComputeBackend backend, Architecture architecture, WeightSource source, Path scratch) {
        this.backend = backend;
        this.architecture = architecture;
        this.model = new StoredModel(architecture, source);
        this.scratch = scratch;
    }

    /** As {@link #evaluate(TokenWindows, List, Progress, Cancellation)}, for one compressed model. */
    public TokenFigures evaluate(
            TokenWindows windows, CompressedBlocks compressed, Progress progress, Cancellation cancellation) {
        return evaluate(windows, List.of(compressed), progress, cancellation).getFirst();
    }

    /**
     * Figures of every token that has a predecessor in its window, for each compressed model, errors of the hidden
     * states of all tokens at every block boundary, and of its linears on some of the inputs that reach them: the bits
     * are those of an evaluation of its own.
     *
     * @param windows a shard; tiles start at its first window
     * @throws QuernException INVALID_DATASET for a token that the model does not have, or windows that predict nothing
     */
    public List<TokenFigures> evaluate(
            TokenWindows windows, List<CompressedBlocks> compressed, Progress progress, Cancellation cancellation) {
        requireTokens(windows);
        Tiling tiling = Tiling.of(windows.count(), windows.seqLen());
        int chunks = Math.ceilDiv((int) windows.size(), OutputHead.tokensAtOnce(architecture));
        List<StoredModel> stored =
                compressed.stream().map(each -> each.others(model)).toList();
        int embedded = 1 + (int) stored.stream().filter(this::isOther).count();
        int total = tiling.tiles()
                        * (embedded
                                + (1 + compressed.size())
                                        * architecture.blocks().size())
                + chunks;
        Steps steps = new Steps(total, progress, cancellation);
        try (Lane original = new Lane(backend, tiling, architecture.hidden(), scratch);
                Lanes others = new Lanes(backend, tiling, model, scratch, compressed)) {
            embed(original, model, windows, steps);
            for (int i = 0; i < stored.size(); i++) {
                if (isOther(stored.get(i))) {
                    embed(others.each().get(i), stored.get(i), windows, steps);
                } else {
                    others.each().get(i).join(original);
                }
                others.measure(i, 0, original);
            }
            advance(original, others, compressed, stored, tiling.seqLen(), steps);
            return compare(original, others, stored, windows, chunks, steps);
        }
    }

    private boolean isOther(StoredModel stored) {
        return !stored.equals(model);
    }

    private void embed(Lane lane, StoredModel stored, TokenWindows windows, Steps steps) {
        try (Embedding embedding = new Embedding(backend, stored.architecture(), stored.weights())) {
            lane.embed(embedding, windows, steps);
        }
    }

    private void advance(
            Lane original,
            Lanes others,
            List<CompressedBlocks> compressed,
            List<StoredModel> stored,
            int seqLen,
            Steps steps) {
        try (Interpreter interpreter = new Interpreter(backend, seqLen, steps.cancellation())) {
            for (int block = 0; block < architecture.blocks().size(); block++) {
                // One after the other: the weights of one block are in memory, not of two.
                try (BlockWeights weights = model.block(backend, block)) {
                    original.advance(interpreter, weights, tile -> LinearInputs.NONE, steps);
                }
                for (int i = 0; i < compressed.size(); i++) {
                    try (BlockWeights weights = stored.get(i).block(backend, block)) {
                        compressed.get(i).replaceLinears(block, weights);
                        others.advance(i, interpreter, weights, steps);
                    }
                    others.measure(i, block + 1, original);
                }
            }
        }
    }

    private List<TokenFigures> compare(
            Lane original, Lanes others, List<StoredModel> stored, TokenWindows windows, int chunks, Steps steps) {
        try (Heads heads = new Heads(backend, model, stored, steps.cancellation());
                LogitComparison comparison = new LogitComparison(backend, architecture, heads, windows)) {
            for (int chunk = 0; chunk < chunks; chunk++) {
                comparison.compare(chunk, original, others.each());
                steps.next();
            }
            return comparison.figures(others);
        }
    }

    private void requireTokens(TokenWindows windows) {
        if (windows.seqLen() < 2) {
            throw new QuernException(
                    ErrorCode.INVALID_DATASET,
                    "seqLen: " + windows.seqLen() + " (expected: at least 2 to predict a token)");
        }
        for (int token : windows.tokens(0, windows.count())) {
            if (token < 0 || token >= architecture.vocabulary()) {
                throw new QuernException(
                        ErrorCode.INVALID_DATASET,
                        "%s: token %d (expected: 0 to %d, as vocab_size says)"
                                .formatted(windows.source(), token, architecture.vocabulary() - 1));
            }
        }
    }
}
