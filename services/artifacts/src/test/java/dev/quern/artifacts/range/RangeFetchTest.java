package dev.quern.artifacts.range;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.range.RangeFetch.Target;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RangeFetchTest {
    /** One more than a request takes. */
    private static final long LARGE = (64L << 20) + 1;

    @TempDir
    Path folder;

    /**
     * The second request has brought the last byte of the one file, and fails in the other while the first request
     * completes the one. A file that was reported as complete may not be deleted any more.
     */
    @Test
    void aFileThatIsCompleteStaysWhenARequestThatBroughtSomeOfItFails() throws Exception {
        CountDownLatch tailIsThere = new CountDownLatch(1);
        CountDownLatch completing = new CountDownLatch(1);
        CompletableFuture<Path> complete = new CompletableFuture<>() {
            @Override
            public boolean complete(Path file) {
                completing.countDown();
                try {
                    // Time for the failure to get in between.
                    get(500, TimeUnit.MILLISECONDS);
                } catch (TimeoutException | ExecutionException | InterruptedException e) {
                    // Nothing did, or the failure, which is seen below.
                }
                return super.complete(file);
            }
        };
        CompletableFuture<Path> broken = new CompletableFuture<>();
        RangeReader reader = (key, offset, length, etag) -> {
            InputStream content = new PatternReader().open(key, offset, length, "v1");
            return offset == 0 ? after(tailIsThere, content) : failing(tailIsThere, completing, content);
        };

        try (RangeFetch fetch = new RangeFetch()) {
            fetch.begin(reader, List.of(target(0, LARGE, complete), target(LARGE, 2, broken)));

            assertThat(complete.get()).hasSize(LARGE);
            assertThat(broken.handle((file, error) -> error).get()).hasMessage("broken");
        }
    }

    private Target target(long offset, long length, CompletableFuture<Path> done) {
        ObjectRange range = new ObjectRange("place", "model", "v1", offset, length);
        return new Target(range, folder.resolve(String.valueOf(offset)), done);
    }

    /** Begins late. */
    private static InputStream after(CountDownLatch begin, InputStream content) {
        return new FilterInputStream(content) {
            @Override
            public int read(byte[] buffer, int from, int count) throws IOException {
                await(begin);
                return super.read(buffer, from, count);
            }
        };
    }

    /** Brings one byte and fails when it is asked for more, at the worst moment. */
    private static InputStream failing(CountDownLatch first, CountDownLatch moment, InputStream content) {
        return new FilterInputStream(content) {
            private boolean brought;

            @Override
            public int read(byte[] buffer, int from, int count) throws IOException {
                if (!brought) {
                    brought = true;
                    return super.read(buffer, from, 1);
                }
                first.countDown();
                await(moment);
                throw new IOException("broken");
            }
        };
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }
}
