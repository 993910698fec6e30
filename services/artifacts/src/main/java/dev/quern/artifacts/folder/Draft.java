package dev.quern.artifacts.folder;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A temporary file that is gone when it is closed. While it is open its process holds a lock on it, which ends with the
 * process: so every process that shares the folder, also from another container or machine, recognises those that no
 * process writes any more.
 */
record Draft(Path path, FileChannel channel) implements AutoCloseable {
    // A process that opens and closes a file on which it holds a lock gives the lock up: its own it has to know by
    // name.
    private static final String OWN = UUID.randomUUID() + "_";

    static Draft in(Path folder) throws IOException {
        while (true) {
            Path path = folder.resolve(OWN + UUID.randomUUID());
            Draft draft =
                    new Draft(path, FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
            try {
                draft.channel.lock();
            } catch (IOException | RuntimeException e) {
                draft.close();
                throw e;
            }
            // Else a sweep took it for left over in the moment in which it was not locked yet.
            if (Files.exists(path)) {
                return draft;
            }
            draft.close();
        }
    }

    /** Durable when it returns. */
    void write(InputStream content) throws IOException {
        content.transferTo(Channels.newOutputStream(channel));
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            Files.deleteIfExists(path);
        }
    }

    /** Deletes what processes that have died left in a folder of drafts. */
    static void sweep(Path folder) throws IOException {
        try (Stream<Path> drafts = Files.list(folder)) {
            for (Path draft : drafts.toList()) {
                if (!draft.getFileName().toString().startsWith(OWN)) {
                    deleteUnlocked(draft);
                }
            }
        }
    }

    private static void deleteUnlocked(Path draft) throws IOException {
        try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                Files.deleteIfExists(draft);
            }
        } catch (NoSuchFileException e) {
            // Its writer has finished, or another sweep was here.
        }
    }
}
