package dev.quern.artifacts.range;

import dev.quern.artifacts.ObjectChangedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Parts of distant objects as local files, a file per range, fetched when they are asked for. When the budget is spent,
 * what was used longest ago is deleted, but not before the reader who waits for it has it; a range that is mapped stays
 * readable all the same, and leaves the disk when it is unmapped. So the disk holds at most the budget, and what is in
 * use. Thread-safe.
 */
public final class RangeCache implements AutoCloseable {
    private final Path folder;
    private final long budget;
    private final RangeFetch fetches;
    /** Least recently used first. */
    private final Map<ObjectRange, CompletableFuture<Path>> ranges = new LinkedHashMap<>(16, 0.75f, true);
    /** How many are about to map a range. */
    private final Map<ObjectRange, Integer> wanted = new HashMap<>();

    private long bytes;
    private long fetched;
    private long number;

    /**
     * @param folder emptied now: nothing in it outlives a process
     * @param budget bytes
     */
    public RangeCache(Path folder, long budget) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.budget = budget;
        this.fetches = new RangeFetch();
        try (Stream<Path> left = Files.list(folder)) {
            for (Path file : left.toList()) {
                Files.delete(file);
            }
        }
    }

    /**
     * Begins to fetch ranges that are not here, neighbours in one request. Takes at most half of the budget: what does
     * not fit is fetched when it is mapped.
     */
    public void expect(RangeReader reader, Collection<ObjectRange> expected) {
        List<ObjectRange> fitting = new ArrayList<>();
        long room = budget / 2;
        for (ObjectRange range : expected) {
            room -= range.length();
            if (room >= 0 && range.length() > 0) {
                fitting.add(range);
            }
        }
        begin(reader, fitting);
    }

    /**
     * A range as read-only memory, once it is here.
     *
     * @param arena owns the memory
     * @throws ObjectChangedException and as {@link RangeReader#open}
     */
    public MemorySegment map(RangeReader reader, ObjectRange range, Arena arena) throws IOException {
        want(range);
        try {
            Path path = await(begin(reader, List.of(range)).getFirst());
            try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
                return file.map(MapMode.READ_ONLY, 0, range.length(), arena);
            }
        } finally {
            leave(range);
        }
    }

    private synchronized void want(ObjectRange range) {
        wanted.merge(range, 1, Integer::sum);
    }

    private synchronized void leave(ObjectRange range) {
        wanted.computeIfPresent(range, (same, count) -> count == 1 ? null : count - 1);
        evict(range);
    }

    /** A future for each range, completed once the range is counted, or once another try may begin. */
    private List<CompletableFuture<Path>> begin(RangeReader reader, List<ObjectRange> wanted) {
        List<CompletableFuture<Path>> files = new ArrayList<>();
        List<RangeFetch.Target> missing = new ArrayList<>();
        synchronized (this) {
            for (ObjectRange range : wanted) {
                // A get, so that it counts as used.
                CompletableFuture<Path> file = ranges.get(range);
                files.add(file != null ? file : add(range, missing));
            }
        }
        fetches.begin(reader, missing);
        return files;
    }

    private CompletableFuture<Path> add(ObjectRange range, List<RangeFetch.Target> missing) {
        CompletableFuture<Path> file = new CompletableFuture<>();
        ranges.put(range, file);
        CompletableFuture<Path> fetch = new CompletableFuture<>();
        var _ = fetch.whenComplete((path, error) -> arrived(range, file, path, error));
        missing.add(new RangeFetch.Target(range, folder.resolve("range-" + number++), fetch));
        return file;
    }

    private synchronized void arrived(
            ObjectRange range, CompletableFuture<Path> file, Path path, @Nullable Throwable error) {
        if (error != null) {
            // The next one who asks tries again.
            ranges.remove(range);
            file.completeExceptionally(error);
            return;
        }
        bytes += range.length();
        fetched += range.length();
        file.complete(path);
        evict(range);
    }

    private void evict(ObjectRange newest) {
        Iterator<Map.Entry<ObjectRange, CompletableFuture<Path>>> oldest =
                ranges.entrySet().iterator();
        while (bytes > budget && oldest.hasNext()) {
            Map.Entry<ObjectRange, CompletableFuture<Path>> candidate = oldest.next();
            Path file = present(candidate.getValue());
            if (file != null && !candidate.getKey().equals(newest) && !wanted.containsKey(candidate.getKey())) {
                oldest.remove();
                bytes -= candidate.getKey().length();
                delete(file);
            }
        }
    }

    private static @Nullable Path present(CompletableFuture<Path> file) {
        return file.isCompletedExceptionally() ? null : file.getNow(null);
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // It is deleted with the folder.
        }
    }

    private static Path await(CompletableFuture<Path> file) throws IOException {
        try {
            return file.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException error) {
                throw error;
            }
            throw new IOException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("range cache: interrupted");
        }
    }

    /** Bytes that are kept. */
    public synchronized long bytes() {
        return bytes;
    }

    /** Bytes that were fetched since it was opened. */
    public synchronized long fetchedBytes() {
        return fetched;
    }

    /** Ends what is being fetched and deletes everything. */
    @Override
    public void close() {
        fetches.close();
        synchronized (this) {
            ranges.values().forEach(file -> {
                Path path = present(file);
                if (path != null) {
                    delete(path);
                }
            });
            ranges.clear();
            bytes = 0;
        }
    }
}
