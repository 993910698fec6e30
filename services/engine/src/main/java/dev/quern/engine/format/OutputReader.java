package dev.quern.engine.format;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.Model;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * An open output, read as a loader reads it, from what it says of itself. What is not as it should be is a
 * {@link QuernException}, OUTPUT_DAMAGED, that names the file or tensor, the value and what was expected.
 */
public interface OutputReader extends AutoCloseable {
    /** The name of the format. */
    String format();

    /** The model that the output says it holds. */
    Architecture architecture();

    /**
     * The grids that the output was written for.
     *
     * @param linears of the model, in order
     */
    GridMap grids(List<LinearId> linears);

    /** A linear as it was before it was written: the same codes, zero points and scales. */
    CompressedLinear read(LinearId linear, IntegerShape grid);

    /** What a linear takes. */
    WeightBytes weightBytes(LinearId linear);

    /**
     * Checks what is not compressed: all there, in shape; no second copy of a tied head; no linears but the model's.
     *
     * @param compressed the linears that were read
     */
    void checkOthers(Architecture architecture, Set<LinearId> compressed);

    /** Compares what is not compressed, and side files, with what they were made from. */
    void compareOthers(Checkpoint source, Model model);

    /**
     * Digests of files of the output.
     *
     * @param progress told bytes as they are read, by any thread
     * @return in the order of the names
     */
    List<FileDigest> digests(List<String> files, LongConsumer progress, Cancellation cancellation);

    /**
     * What the output holds, to be written in another format. It may be read until this reader is closed. Empty for a
     * container that keeps too little of its source.
     *
     * @throws QuernException INVALID_REQUEST for a model that no loader could run
     */
    default Optional<Assembly> assembly() {
        return Optional.empty();
    }

    @Override
    void close();

    /** For errors of readers. */
    static QuernException damaged(String message) {
        return new QuernException(ErrorCode.OUTPUT_DAMAGED, message);
    }
}
