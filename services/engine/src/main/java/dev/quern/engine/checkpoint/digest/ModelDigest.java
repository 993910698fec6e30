package dev.quern.engine.checkpoint.digest;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a model is: a digest over all its files. Reading them for it, every weight is checked to be finite.
 *
 * @param digest SHA-256 over the sorted (path, size, SHA-256) of the files
 * @param files sorted by name
 */
public record ModelDigest(String digest, List<FileDigest> files) {
    public ModelDigest {
        files = List.copyOf(files);
    }

    /**
     * @param cache remembers the digests of files by location, size and time; null reads every file
     * @param progress told bytes as they are read, or known from before, by any thread
     * @throws dev.quern.recipes.error.QuernException NON_FINITE_WEIGHTS that names tensor and element,
     *     INVALID_CHECKPOINT for a file that cannot be read
     */
    public static ModelDigest of(
            Checkpoint checkpoint, @Nullable Path cache, LongConsumer progress, Cancellation cancellation) {
        DigestCache known = DigestCache.open(cache);
        List<FileDigest> files = FileDigests.of(checkpoint, checkpoint.files(), known, progress, cancellation);
        try {
            known.save();
        } catch (IOException e) {
            // The digest stands; only the next run reads the files again.
        }
        return new ModelDigest(FileDigest.combined(files), files);
    }
}
