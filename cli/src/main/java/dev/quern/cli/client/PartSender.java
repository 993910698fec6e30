package dev.quern.cli.client;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.function.LongConsumer;

/**
 * Sends runs of bytes of local files to signed addresses, which need no key: the server's key never goes there,
 * wherever they point.
 */
public final class PartSender {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** Slower than this is as good as not at all. */
    private static final long SLOWEST_BYTES_PER_SECOND = 32 << 10;

    private final HttpClient http;
    private final URI server;

    PartSender(HttpClient http, URI server) {
        this.http = http;
        this.server = server;
    }

    /**
     * @param sent told bytes as they leave
     * @return the status of the answer
     * @throws IOException when there is no answer
     */
    public int send(String url, Path file, long offset, long length, LongConsumer sent)
            throws IOException, InterruptedException {
        HttpRequest put = HttpRequest.newBuilder(server.resolve(url))
                .timeout(PATIENCE.plusSeconds(length / SLOWEST_BYTES_PER_SECOND))
                .PUT(body(file, offset, length, sent))
                .build();
        return http.send(put, HttpResponse.BodyHandlers.discarding()).statusCode();
    }

    private static BodyPublisher body(Path file, long offset, long length, LongConsumer sent) {
        if (length == 0) {
            return BodyPublishers.noBody();
        }
        return BodyPublishers.fromPublisher(
                BodyPublishers.ofInputStream(() -> new Run(file, offset, length, sent)), length);
    }

    /** A run of a file's bytes. */
    private static final class Run extends FilterInputStream {
        private final LongConsumer sent;
        private long left;

        Run(Path file, long offset, long length, LongConsumer sent) {
            super(open(file, offset));
            this.left = length;
            this.sent = sent;
        }

        private static InputStream open(Path file, long offset) {
            try {
                return Channels.newInputStream(
                        FileChannel.open(file, StandardOpenOption.READ).position(offset));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int from, int length) throws IOException {
            if (left == 0) {
                return -1;
            }
            int read = super.read(buffer, from, (int) Math.min(length, left));
            if (read > 0) {
                left -= read;
                sent.accept(read);
            }
            return read;
        }
    }
}
