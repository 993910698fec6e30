package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.FullDisk;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Makes artifacts durable: written to scratch, then committed in one step. Nothing stays in scratch.
 *
 * @param scratch an existing folder
 */
record Commits(BlockStore store, Path scratch) {
    /**
     * @param write writes a new file
     * @return false when the store has the artifact already
     * @throws QuernException DISK_BUDGET when the disk of scratch or of the store is full
     */
    boolean commit(ArtifactName name, Consumer<Path> write) {
        Path file =
                scratch.resolve(name.fileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.deleteIfExists(file);
            try {
                write(name, write, file);
                // Another walk may have committed the same name; then its bytes are ours.
                return store.commit(name, file);
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw failure(name + ": cannot be stored", new UncheckedIOException(e));
        } catch (UncheckedIOException e) {
            throw failure(name + ": cannot be stored", e);
        }
    }

    private void write(ArtifactName name, Consumer<Path> write, Path file) {
        try {
            write.accept(file);
        } catch (UncheckedIOException e) {
            throw failure(name + ": cannot be written in " + scratch, e);
        }
    }

    private static RuntimeException failure(String what, UncheckedIOException e) {
        Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
        if (FullDisk.caused(cause)) {
            return new QuernException(
                    ErrorCode.DISK_BUDGET, what + ", " + cause.getMessage() + " (expected: room for it)", e);
        }
        return e;
    }
}
