package dev.quern.artifacts.s3;

import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.StoreUnavailableException;
import io.minio.GetObjectResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The bytes of a range of one version of an object, all of them or an error, over as many connections as it takes. */
final class ResumingStream extends InputStream {
    private static final Pattern TOTAL = Pattern.compile("bytes \\d+-\\d+/(\\d+)");

    private final S3Bucket bucket;
    private final String name;
    private final long end;
    private final String etag;
    private final Patience patience;
    private long position;
    private @Nullable InputStream connection;

    private ResumingStream(S3Bucket bucket, String name, GetObjectResponse first, long offset, long length)
            throws IOException {
        this.bucket = bucket;
        this.name = name;
        this.position = offset;
        this.end = offset + Math.min(length, total(first, offset) - offset);
        this.etag = Objects.requireNonNullElse(first.headers().get("ETag"), "").replace("\"", "");
        this.patience = new Patience(bucket.client().settings().patience());
        this.connection = first;
    }

    static InputStream open(S3Bucket bucket, String name, long offset, long length, @Nullable String etag)
            throws IOException {
        if (length == 0) {
            return InputStream.nullInputStream();
        }
        GetObjectResponse first;
        try {
            first = bucket.get(name, offset, length, etag);
        } catch (S3StatusException e) {
            // The range starts at or behind the object's end.
            if (e.status() == 416) {
                return InputStream.nullInputStream();
            }
            throw e;
        }
        try {
            return new ResumingStream(bucket, name, first, offset, length);
        } catch (IOException | RuntimeException e) {
            first.close();
            throw e;
        }
    }

    /** The size of the whole object. A server that ignores ranges is an error, not other bytes. */
    private static long total(GetObjectResponse answer, long offset) throws IOException {
        String range = answer.headers().get("Content-Range");
        if (range != null) {
            Matcher matcher = TOTAL.matcher(range);
            if (matcher.matches()) {
                return Long.parseLong(matcher.group(1));
            }
        }
        String length = answer.headers().get("Content-Length");
        if (offset > 0 || range != null || length == null) {
            throw new IOException("get " + answer.object() + ": Content-Range " + range + ", Content-Length " + length
                    + " (expected: the range that was asked for)");
        }
        return Long.parseLong(length);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (position >= end || length == 0) {
            return position >= end ? -1 : 0;
        }
        while (true) {
            try {
                int count = connected().read(buffer, offset, (int) Math.min(length, end - position));
                if (count < 0) {
                    throw new IOException("the answer ended " + (end - position) + " bytes early");
                }
                position += count;
                patience.renew();
                return count;
            } catch (IOException e) {
                recover(e);
            }
        }
    }

    private InputStream connected() throws IOException {
        @Nullable InputStream open = connection;
        if (open == null) {
            open = bucket.get(name, position, end - position, etag);
            connection = open;
        }
        return open;
    }

    private void recover(IOException error) throws IOException {
        close();
        switch (error) {
            // Those have been tried again, or can only end the same way.
            case StoreUnavailableException e -> throw e;
            case NoSuchObjectException e -> throw e;
            case ObjectChangedException e -> throw e;
            case StoreForbiddenException e -> throw e;
            case S3StatusException e -> throw e;
            default -> {
                if (Thread.currentThread().isInterrupted()) {
                    throw new InterruptedIOException("get " + name + ": interrupted");
                }
                patience.waitOrThrow("get " + name, new StoreUnavailableException("get " + name, error));
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }
}
