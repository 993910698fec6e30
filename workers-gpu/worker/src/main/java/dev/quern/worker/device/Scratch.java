package dev.quern.worker.device;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A folder for what only this process needs; emptied when it starts, because nothing in it outlives a process. */
public final class Scratch {
    private final Path root;

    public Scratch(Path root) throws IOException {
        this.root = Files.createDirectories(root);
        ScratchLock.take(root);
        // Not the folder itself: it may be a volume.
        try (Stream<Path> left = Files.list(root)) {
            for (Path path : left.toList()) {
                delete(path);
            }
        }
    }

    /** A folder of one activity, deleted with all in it when closed. */
    public record Folder(Path path) implements AutoCloseable {
        @Override
        public void close() {
            try {
                delete(path);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    public Folder folder() {
        try {
            return new Folder(Files.createTempDirectory(root, "activity-"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
