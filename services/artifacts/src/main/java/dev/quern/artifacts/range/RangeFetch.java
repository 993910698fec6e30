package dev.quern.artifacts.range;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * Copies ranges of objects into files: several requests at once, neighbouring ranges in one request, a large range in
 * several.
 */
final class RangeFetch implements AutoCloseable {
    private static final int AT_ONCE = 12;
    private static final long MAX_REQUEST = 64L << 20;
    private static final int BUFFER = 1 << 20;

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore slots = new Semaphore(AT_ONCE);

    /** @param done completed with the file, or with what went wrong */
    record Target(ObjectRange range, Path file, CompletableFuture<Path> done) {}

    /** A part of a target. */
    private record Piece(Draft draft, long offset, long length) {}

    /** Pieces that follow each other in one object. */
    private record Request(List<Piece> pieces, long offset, long length) {
        ObjectRange first() {
            return pieces.getFirst().draft().target.range();
        }

        boolean takes(ObjectRange range, long at) {
            return at == offset + length && length < MAX_REQUEST && first().sameObject(range);
        }

        Request with(Piece piece) {
            List<Piece> more = new ArrayList<>(pieces);
            more.add(piece);
            return new Request(more, offset, length + piece.length());
        }
    }

    /** A file that is being written by requests side by side. */
    private static final class Draft {
        private final Target target;
        private final FileChannel channel;
        private long missing;

        Draft(Target target) throws IOException {
            this.target = target;
            this.channel = FileChannel.open(target.file(), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            this.missing = target.range().length();
        }

        void write(ByteBuffer bytes, long at) throws IOException {
            int length = bytes.remaining();
            for (long position = at; bytes.hasRemaining(); ) {
                position += channel.write(bytes, position);
            }
            wrote(length);
        }

        private synchronized void wrote(int length) throws IOException {
            missing -= length;
            if (missing == 0 && !target.done().isDone()) {
                channel.close();
                target.done().complete(target.file());
            }
        }

        /**
         * The file is gone before a caller learns of it. One that is complete stays: a request that fails has brought
         * its part of others.
         */
        synchronized void fail(Throwable error) {
            if (target.done().isDone()) {
                return;
            }
            try {
                channel.close();
                Files.deleteIfExists(target.file());
            } catch (IOException e) {
                error.addSuppressed(e);
            }
            target.done().completeExceptionally(error);
        }
    }

    /** Returns at once. */
    void begin(RangeReader reader, List<Target> targets) {
        for (Request request : requests(targets)) {
            threads.execute(() -> run(reader, request));
        }
    }

    private static List<Request> requests(List<Target> targets) {
        List<Request> requests = new ArrayList<>();
        targets.stream()
                .sorted(Comparator.comparing((Target t) -> t.range().key())
                        .thenComparingLong(t -> t.range().offset()))
                .forEach(target -> {
                    try {
                        add(new Draft(target), requests);
                    } catch (IOException e) {
                        target.done().completeExceptionally(e);
                    }
                });
        return requests;
    }

    private static void add(Draft draft, List<Request> requests) {
        ObjectRange range = draft.target.range();
        for (long at = range.offset(); at < range.end(); ) {
            boolean joins = !requests.isEmpty() && requests.getLast().takes(range, at);
            Request request = joins ? requests.removeLast() : new Request(List.of(), at, 0);
            long length = Math.min(range.end() - at, MAX_REQUEST - request.length());
            requests.add(request.with(new Piece(draft, at - range.offset(), length)));
            at += length;
        }
    }

    private void run(RangeReader reader, Request request) {
        try {
            slots.acquire();
            try {
                copy(reader, request);
            } finally {
                slots.release();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            IOException closed = new IOException("range cache: closed");
            request.pieces().forEach(piece -> piece.draft().fail(closed));
        } catch (IOException | RuntimeException e) {
            request.pieces().forEach(piece -> piece.draft().fail(e));
        }
    }

    private static void copy(RangeReader reader, Request request) throws IOException {
        ObjectRange object = request.first();
        byte[] buffer = new byte[(int) Math.min(BUFFER, request.length())];
        try (InputStream content = reader.open(object.key(), request.offset(), request.length(), object.etag())) {
            for (Piece piece : request.pieces()) {
                for (long done = 0; done < piece.length(); ) {
                    int length = (int) Math.min(buffer.length, piece.length() - done);
                    if (content.readNBytes(buffer, 0, length) < length) {
                        throw new EOFException(object.key() + ": ends early (expected: " + request.length()
                                + " bytes from " + request.offset() + ")");
                    }
                    piece.draft().write(ByteBuffer.wrap(buffer, 0, length), piece.offset() + done);
                    done += length;
                }
            }
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
        threads.close();
    }
}
