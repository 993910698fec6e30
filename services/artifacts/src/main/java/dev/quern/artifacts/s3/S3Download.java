package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/** Copies one version of an object into a file, by several ranges at once. */
final class S3Download {
    private static final long RANGE = 64L << 20;
    private static final int AT_ONCE = 4;
    private static final int BUFFER = 256 << 10;

    private S3Download() {}

    /** @return the file, complete; a second fetch of the same object replaces it as a whole */
    static Path fetch(S3Bucket bucket, Entry entry, Path folder) throws IOException {
        Files.createDirectories(folder);
        Path target = folder.resolve(fileName(entry.key()));
        Path draft = folder.resolve(UUID.randomUUID() + ".part");
        try {
            copy(bucket, entry, draft);
            if (Files.size(draft) != entry.size()) {
                throw new IOException("fetched " + entry.key() + ": " + Files.size(draft) + " bytes (expected: "
                        + entry.size() + ")");
            }
            return Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    /** Flat, and another one for every key. */
    private static String fileName(String key) {
        return UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)) + "-"
                + key.substring(key.lastIndexOf('/') + 1);
    }

    private static void copy(S3Bucket bucket, Entry entry, Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            Semaphore slots = new Semaphore(AT_ONCE);
            List<Future<?>> ranges = new ArrayList<>();
            for (long start = 0; start < entry.size(); start += RANGE) {
                long offset = start;
                ranges.add(pool.submit(() -> {
                    slots.acquire();
                    try {
                        range(bucket, entry, offset, file, channel);
                    } finally {
                        slots.release();
                    }
                    return null;
                }));
            }
            await(ranges, pool, entry.key());
        }
    }

    private static void await(List<Future<?>> ranges, ExecutorService pool, String key) throws IOException {
        try {
            for (Future<?> range : ranges) {
                range.get();
            }
        } catch (ExecutionException e) {
            pool.shutdownNow();
            if (e.getCause() instanceof IOException broken) {
                throw broken;
            }
            throw new IOException("fetch " + key + ": " + e.getCause(), e.getCause());
        } catch (InterruptedException e) {
            pool.shutdownNow();
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("fetch " + key + ": interrupted");
        }
    }

    private static void range(S3Bucket bucket, Entry entry, long offset, Path file, FileChannel channel)
            throws IOException {
        long length = Math.min(RANGE, entry.size() - offset);
        byte[] buffer = new byte[(int) Math.min(BUFFER, length)];
        try (InputStream content = bucket.open(entry.key(), offset, length, entry.etag())) {
            long position = offset;
            for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
                ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
                while (bytes.hasRemaining()) {
                    position += write(file, channel, bytes, position);
                }
            }
        }
    }

    /** Java's own error does not name the disk that is full. */
    private static int write(Path file, FileChannel channel, ByteBuffer bytes, long position) throws IOException {
        try {
            return channel.write(bytes, position);
        } catch (ClosedChannelException interrupted) {
            throw interrupted;
        } catch (IOException e) {
            FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
            named.initCause(e);
            throw named;
        }
    }
}
