package dev.quern.engine.checkpoint.digest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.CheckpointTest;
import dev.quern.engine.checkpoint.safetensors.RawSafetensors;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelDigestTest {
    @TempDir
    Path folder;

    @Test
    void theDigestCoversEveryFile() throws IOException {
        Path source = CheckpointTest.GOLDEN.resolve("base-bf16");
        StringBuilder lines = new StringBuilder();
        long total = 0;
        try (Stream<Path> files = Files.list(source)) {
            for (Path file : files.sorted().toList()) {
                byte[] bytes = Files.readAllBytes(file);
                total += bytes.length;
                lines.append("%s\t%d\t%s\n".formatted(file.getFileName(), bytes.length, Digests.sha256(bytes)));
            }
        }
        AtomicLong progress = new AtomicLong();
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            ModelDigest digest = ModelDigest.of(checkpoint, null, progress::addAndGet, Cancellation.NEVER);
            assertThat(digest.digest())
                    .isEqualTo(Digests.sha256(lines.toString().getBytes(StandardCharsets.UTF_8)));
            assertThat(digest.files()).hasSize(5);
        }
        assertThat(progress).hasValue(total);
    }

    /**
     * Each value after, in and before the last whole group of eight bytes; the largest finite value of the type passes.
     */
    @ParameterizedTest
    @CsvSource({
        "BF16, 7f80, Infinity, 7f7f",
        "BF16, ffc0, NaN, ff7f",
        "F16, 7c00, Infinity, 7bff",
        "F16, fe00, NaN, fbff",
        "F32, ff800000, -Infinity, 7f7fffff",
        "F32, 7f800001, NaN, ff7fffff"
    })
    void weightsThatAreNotFiniteAreNamed(String type, String bad, String shown, String good) throws IOException {
        byte[] badBytes = HexFormat.of().parseHex(bad);
        for (int element = 0; element < 21; element++) {
            for (boolean finite : new boolean[] {true, false}) {
                byte[] value = finite ? HexFormat.of().parseHex(good) : badBytes;
                checkpoint(type, element, value);
                if (finite) {
                    assertThat(digest(null).files()).hasSize(2);
                } else {
                    String where = "model.safetensors: w[%d, %d]: %s".formatted(element / 7, element % 7, shown);
                    assertThatThrownBy(() -> digest(null))
                            .isInstanceOfSatisfying(
                                    QuernException.class,
                                    e -> assertThat(e.code()).isEqualTo(ErrorCode.NON_FINITE_WEIGHTS))
                            .hasMessage(where + " (expected: finite weights)");
                }
            }
        }
    }

    @Test
    void digestsAreRememberedUntilAFileChanges() throws IOException {
        Path cache = folder.resolve("cache.json");
        Path model = Files.createDirectory(folder.resolve("model"));
        checkpoint(model, "BF16", 0, new byte[2]);
        age(model, 100);
        String first = digest(model, cache).digest();
        assertThat(Files.readString(cache)).contains("model.safetensors");

        // The same size and time: the cache answers, though the content is another.
        checkpoint(model, "BF16", 0, new byte[] {1, 2});
        age(model, 100);
        assertThat(digest(model, cache).digest()).isEqualTo(first);

        age(model, 50);
        assertThat(digest(model, cache).digest()).isNotEqualTo(first);
        Files.writeString(cache, "damaged");
        assertThat(digest(model, cache).digest()).isNotEqualTo(first);
    }

    @Test
    void aFileThatIsStillYoungIsNotRemembered() throws IOException {
        Path cache = folder.resolve("cache.json");
        checkpoint("BF16", 0, new byte[2]);
        digest(cache);
        assertThat(Files.readString(cache)).doesNotContain("model.safetensors");
    }

    @Test
    void cancellationStops() throws IOException {
        checkpoint("BF16", 0, new byte[2]);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThatThrownBy(() -> ModelDigest.of(checkpoint, null, bytes -> {}, () -> true))
                    .isInstanceOf(Cancellation.CancelledException.class);
        }
    }

    private ModelDigest digest(Path cache) {
        return digest(folder, cache);
    }

    private static ModelDigest digest(Path folder, Path cache) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            return ModelDigest.of(checkpoint, cache, bytes -> {}, Cancellation.NEVER);
        }
    }

    private void checkpoint(String type, int element, byte[] bigEndian) throws IOException {
        checkpoint(folder, type, element, bigEndian);
    }

    /** One tensor w [3, 7] of zeros but one element. */
    private static void checkpoint(Path folder, String type, int element, byte[] bigEndian) throws IOException {
        int width = bigEndian.length;
        byte[] data = new byte[21 * width];
        for (int i = 0; i < width; i++) {
            data[element * width + i] = bigEndian[width - 1 - i];
        }
        Files.writeString(folder.resolve("config.json"), "{}");
        RawSafetensors.write(
                folder.resolve("model.safetensors"),
                "{\"w\":{\"dtype\":\"%s\",\"shape\":[3,7],\"data_offsets\":[0,%d]}}".formatted(type, data.length),
                data);
    }

    private static void age(Path folder, long seconds) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Instant then = Instant.parse("2020-01-01T00:00:00Z").minusSeconds(seconds);
                Files.setLastModifiedTime(file, FileTime.from(then));
            }
        }
    }
}
