package dev.quern.engine.format;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A container for compressed models that loaders know. It decides which files an output has and what is in them; it
 * also reads them back.
 */
public interface OutputFormat {
    /** As {@link dev.quern.recipes.Formats} has it. */
    String name();

    /** Why the format cannot hold a linear of this shape on this grid, in words with the numbers; empty when it can. */
    Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid);

    /**
     * Asked before any work starts.
     *
     * @throws QuernException SHAPE_MISMATCH with the reason of {@link #refusal}
     */
    default void requireAccepted(LinearId linear, int rows, int cols, IntegerShape grid) {
        refusal(linear, rows, cols, grid).ifPresent(reason -> {
            throw new QuernException(ErrorCode.SHAPE_MISMATCH, reason);
        });
    }

    /**
     * Bytes of a linear in an output; the most that they can be where they depend on the codes.
     *
     * @param stored the dtype of the source's weights
     * @param kept weights that a mask leaves; all where none prunes
     */
    long bytes(int rows, int cols, IntegerShape grid, StoredType stored, long kept);

    /**
     * Writes into an empty folder. After an error the folder is not a result: the last file of {@link Assembled} is
     * missing. The bytes depend on the assembly alone.
     *
     * @param progress receives the bytes of the model that are done,
     *     {@link dev.quern.engine.checkpoint.Checkpoint#tensorBytes} in all
     * @throws QuernException SHAPE_MISMATCH when the format cannot hold a linear on its grid
     * @throws java.io.UncheckedIOException when the disk does not take it
     */
    Assembled write(Assembly assembly, Path folder, LongConsumer progress, Cancellation cancellation);

    /**
     * Opens an output.
     *
     * @return empty for a folder that holds another format, or none
     * @throws QuernException when the files are not what they should be
     */
    Optional<OutputReader> open(Path folder);
}
