package dev.quern.artifacts.range;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.artifacts.ObjectChangedException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RangeCacheTest {
    private static final long MEGA = 1 << 20;

    @TempDir
    Path folder;

    private final PatternReader reader = new PatternReader();

    @Test
    void aRangeIsFetchedOnce() throws IOException {
        try (RangeCache cache = new RangeCache(folder, MEGA);
                Arena arena = Arena.ofConfined()) {
            check(cache.map(reader, range("a", 100, 50), arena), 100, 50);
            check(cache.map(reader, range("a", 100, 50), arena), 100, 50);

            assertThat(reader.requests).containsExactly("a@100+50");
            assertThat(cache.fetchedBytes()).isEqualTo(50);
        }
    }

    @Test
    void neighboursComeInOneRequest() throws IOException {
        List<ObjectRange> block = List.of(range("a", 30, 10), range("a", 0, 10), range("a", 10, 10), range("b", 20, 5));
        try (RangeCache cache = new RangeCache(folder, MEGA);
                Arena arena = Arena.ofConfined()) {
            cache.expect(reader, block);
            for (ObjectRange range : block) {
                check(cache.map(reader, range, arena), range.offset(), range.length());
            }
        }
        assertThat(reader.requests).containsExactlyInAnyOrder("a@0+20", "a@30+10", "b@20+5");
    }

    @Test
    void aLargeRangeComesInSeveralRequests() throws IOException {
        try (RangeCache cache = new RangeCache(folder, 1000 * MEGA);
                Arena arena = Arena.ofConfined()) {
            cache.expect(reader, List.of(range("a", 7, 10), range("a", 17, 70 * MEGA)));
            check(cache.map(reader, range("a", 7, 10), arena), 7, 10);
            check(cache.map(reader, range("a", 17, 70 * MEGA), arena), 17, 70 * MEGA);
        }
        assertThat(reader.requests)
                .containsExactlyInAnyOrder(
                        "a@7+%d".formatted(64 * MEGA), "a@%d+%d".formatted(7 + 64 * MEGA, 6 * MEGA + 10));
    }

    @Test
    void theOldestGoesWhenTheBudgetIsSpentAndStaysReadableWhereItIsMapped() throws IOException {
        try (RangeCache cache = new RangeCache(folder, 250);
                Arena arena = Arena.ofConfined()) {
            MemorySegment first = cache.map(reader, range("a", 0, 100), arena);
            cache.map(reader, range("a", 100, 100), arena);
            cache.map(reader, range("a", 0, 100), arena);
            cache.map(reader, range("a", 200, 100), arena);

            assertThat(cache.bytes()).isEqualTo(200);
            assertThat(files()).isEqualTo(2);
            cache.map(reader, range("a", 0, 100), arena);
            assertThat(reader.requests).hasSize(3);
            cache.map(reader, range("a", 100, 100), arena);
            assertThat(reader.requests).hasSize(4);
            check(first, 0, 100);
        }
    }

    @Test
    void aRangeLargerThanTheBudgetCanBeMappedAllTheSame() throws IOException {
        try (RangeCache cache = new RangeCache(folder, 10);
                Arena arena = Arena.ofConfined()) {
            cache.expect(reader, List.of(range("a", 0, 100)));
            assertThat(reader.requests).isEmpty();
            check(cache.map(reader, range("a", 0, 100), arena), 0, 100);
        }
    }

    @Test
    void anotherVersionIsAnErrorUntilItIsBack() throws IOException {
        reader.versions.put("a", "v2");
        try (RangeCache cache = new RangeCache(folder, MEGA);
                Arena arena = Arena.ofConfined()) {
            cache.expect(reader, List.of(range("a", 0, 10)));
            assertThatThrownBy(() -> cache.map(reader, range("a", 0, 10), arena))
                    .isInstanceOf(ObjectChangedException.class)
                    .hasMessageContaining("a has changed");
            reader.versions.put("a", "v1");
            check(cache.map(reader, range("a", 0, 10), arena), 0, 10);
            assertThat(files()).isEqualTo(1);
        }
    }

    /** The error may arrive before or after its reader asks for the file. */
    @Test
    void whatWentWrongReachesTheReaderAtEveryInterleaving() throws IOException {
        reader.versions.put("a", "v2");
        try (RangeCache cache = new RangeCache(folder, MEGA);
                Arena arena = Arena.ofConfined()) {
            for (int i = 0; i < 2000; i++) {
                assertThatThrownBy(() -> cache.map(reader, range("a", 0, 10), arena))
                        .isInstanceOf(ObjectChangedException.class);
                assertThat(files()).isZero();
            }
        }
    }

    @Test
    void whatAnotherProcessLeftIsDeletedAndNothingIsLeftBehind() throws IOException {
        Files.write(folder.resolve("range-7"), new byte[3]);
        try (RangeCache cache = new RangeCache(folder, MEGA)) {
            assertThat(files()).isZero();
            cache.expect(reader, List.of(range("a", 0, 1000)));
        }
        assertThat(files()).isZero();
    }

    /** More readers than there is room for ranges: each has what it waited for, whatever the others fetch meanwhile. */
    @Test
    void noReaderLosesItsRangeToTheOthers() throws Exception {
        try (RangeCache cache = new RangeCache(folder, 100);
                ExecutorService threads = Executors.newFixedThreadPool(16)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                int offset = i * 100;
                readers.add(threads.submit(() -> {
                    for (int n = 0; n < 100; n++) {
                        try (Arena arena = Arena.ofConfined()) {
                            check(cache.map(reader, range("a", offset, 100), arena), offset, 100);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> done : readers) {
                done.get();
            }
            assertThat(cache.bytes()).isEqualTo(100);
            assertThat(files()).isEqualTo(1);
        }
    }

    /** A budget for a few of the ranges, and many readers of all of them. */
    @Test
    void manyReadersSeeTheRightBytes() throws Exception {
        try (RangeCache cache = new RangeCache(folder, 1000);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                Random random = new Random(i);
                readers.add(threads.submit(() -> {
                    for (int n = 0; n < 200; n++) {
                        try (Arena arena = Arena.ofConfined()) {
                            int offset = random.nextInt(20) * 100;
                            check(cache.map(reader, range("a", offset, 100), arena), offset, 100);
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> done : readers) {
                done.get();
            }
            assertThat(cache.bytes()).isLessThanOrEqualTo(1000);
        }
    }

    @Test
    void aStreamPassesEveryByteInOrder() throws IOException {
        long length = 20 * MEGA + 3;
        long[] seen = {5};
        RangeStream.read(reader, range("a", 5, length), (buffer, count) -> {
            for (int i = 0; i < count; i++) {
                if (buffer[i] != PatternReader.at(seen[0]++)) {
                    throw new AssertionError("byte " + (seen[0] - 1));
                }
            }
        });
        assertThat(seen[0]).isEqualTo(5 + length);
        assertThat(reader.requests).hasSize(3);
    }

    @Test
    void aStreamOfAnotherVersionIsAnError() {
        reader.versions.put("a", "v2");
        assertThatThrownBy(() -> RangeStream.read(reader, range("a", 0, 10), (buffer, count) -> {}))
                .isInstanceOf(ObjectChangedException.class);
    }

    private static ObjectRange range(String key, long offset, long length) {
        return new ObjectRange("here", key, "v1", offset, length);
    }

    private static void check(MemorySegment bytes, long offset, long length) {
        assertThat(bytes.byteSize()).isEqualTo(length);
        for (long i = 0; i < length; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != PatternReader.at(offset + i)) {
                throw new AssertionError("byte " + (offset + i));
            }
        }
    }

    private long files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.count();
        }
    }
}
