package dev.quern.engine.checkpoint.digest;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.safetensors.FiniteStream;
import dev.quern.engine.checkpoint.safetensors.SafetensorsFile;
import dev.quern.recipes.digest.Digests;
import java.security.MessageDigest;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** SHA-256 of files, and in the same pass the search for weights that are not finite: every byte is read once. */
final class FileHasher {
    private final CheckpointFiles files;
    private final LongConsumer progress;
    private final Cancellation cancellation;

    /** @param progress told the bytes of each chunk, by any thread */
    FileHasher(CheckpointFiles files, LongConsumer progress, Cancellation cancellation) {
        this.files = files;
        this.progress = progress;
        this.cancellation = cancellation;
    }

    /**
     * @param weights where the file holds any
     * @throws dev.quern.recipes.error.QuernException NON_FINITE_WEIGHTS that names the first such tensor and element
     */
    String hash(String name, @Nullable SafetensorsFile weights) {
        MessageDigest digest = Digests.sha256();
        CheckpointFiles.Sink scan = weights == null ? (buffer, length) -> {} : new FiniteStream(weights);
        files.stream(name, (buffer, length) -> {
            cancellation.check();
            digest.update(buffer, 0, length);
            scan.accept(buffer, length);
            progress.accept(length);
        });
        return Digests.hex(digest.digest());
    }
}
