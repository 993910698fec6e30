package dev.quern.artifacts.range;

import dev.quern.artifacts.ObjectChangedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Passes an object by once, in order, while its next parts are on their way: a few of them are in memory at a time, and
 * no more.
 */
public final class RangeStream {
    private static final int PART = 8 << 20;
    private static final int AHEAD = 4;

    private RangeStream() {}

    /** Takes the next bytes. */
    @FunctionalInterface
    public interface Sink {
        void accept(byte[] buffer, int length);
    }

    /**
     * @param sink what it throws ends the reading
     * @throws ObjectChangedException and as {@link RangeReader#open}
     */
    public static void read(RangeReader reader, ObjectRange range, Sink sink) throws IOException {
        Deque<Future<byte[]>> coming = new ArrayDeque<>();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        try {
            long asked = range.offset();
            while (asked < range.end() || !coming.isEmpty()) {
                while (asked < range.end() && coming.size() < AHEAD) {
                    long offset = asked;
                    int length = (int) Math.min(PART, range.end() - offset);
                    coming.add(threads.submit(() -> part(reader, range, offset, length)));
                    asked += length;
                }
                byte[] part = await(coming.remove(), range.key());
                sink.accept(part, part.length);
            }
        } finally {
            threads.shutdownNow();
            threads.close();
        }
    }

    private static byte[] part(RangeReader reader, ObjectRange range, long offset, int length) throws IOException {
        try (InputStream content = reader.open(range.key(), offset, length, range.etag())) {
            byte[] bytes = content.readNBytes(length);
            if (bytes.length < length) {
                throw new EOFException(
                        range.key() + ": ends at " + (offset + bytes.length) + " (expected: " + range.end() + ")");
            }
            return bytes;
        }
    }

    private static byte[] await(Future<byte[]> part, String key) throws IOException {
        try {
            return part.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException error) {
                throw error;
            }
            throw new IOException(key + ": " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(key + ": interrupted");
        }
    }
}
