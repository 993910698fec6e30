package dev.quern.proofs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Counts what appears in a folder of the store, as the kernel tells it: an object that is deleted and made again counts
 * twice, no matter which process made it, and which died since.
 */
final class StoreWatch implements AutoCloseable {
    private static final String SENTINEL = "watched";
    private static final String HELD = "watched.held";
    private static final long PATIENCE_SECONDS = 60;

    private final Path folder;
    private final WatchService service;

    StoreWatch(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder);
        // An S3 server over a folder deletes what has become empty.
        Files.createDirectories(folder.resolve(HELD));
        this.service = folder.getFileSystem().newWatchService();
        folder.register(service, StandardWatchEventKinds.ENTRY_CREATE);
    }

    /** How often each name appeared since the last call. */
    Map<String, Integer> appeared() throws IOException, InterruptedException {
        Map<String, Integer> counts = new TreeMap<>();
        // Events come in order: once this one is here, all others are.
        Path sentinel = Files.createFile(folder.resolve(SENTINEL));
        try {
            while (counts.remove(SENTINEL) == null) {
                WatchKey key = service.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                if (key == null) {
                    throw new IllegalStateException(folder + ": the kernel tells nothing");
                }
                key.pollEvents().forEach(event -> count(event, counts));
                key.reset();
            }
            return counts;
        } finally {
            Files.delete(sentinel);
        }
    }

    private void count(WatchEvent<?> event, Map<String, Integer> counts) {
        if (event.kind().equals(StandardWatchEventKinds.OVERFLOW)) {
            throw new IllegalStateException(folder + ": more happened than the kernel could tell");
        }
        counts.merge(String.valueOf(event.context()), event.count(), Integer::sum);
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
