package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * Makes artifacts durable: written to scratch, then committed in one step.
 *
 * @param scratch an existing folder
 */
record Commits(BlockStore store, Path scratch) {
    /**
     * @param write writes a new file
     * @return false when the store has the artifact already
     */
    boolean commit(ArtifactName name, Consumer<Path> write) {
        Path file =
                scratch.resolve(name.fileName() + "." + ProcessHandle.current().pid() + ".tmp");
        try {
            Files.deleteIfExists(file);
            write.accept(file);
            // Another walk may have committed the same name; then its bytes are ours.
            boolean made = store.commit(name, file);
            Files.deleteIfExists(file);
            return made;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
