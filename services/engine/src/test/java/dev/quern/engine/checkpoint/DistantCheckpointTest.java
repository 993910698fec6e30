package dev.quern.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.safetensors.RawSafetensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A checkpoint is the same wherever its files lie. */
class DistantCheckpointTest {
    private static final Path MODEL = CheckpointTest.GOLDEN.resolve("base-bf16");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4096, 1 << 30})
    void itsDigestIsThatOfTheSameFilesInAFolder(int piece) {
        try (Checkpoint local = Checkpoint.open(MODEL);
                Checkpoint distant = Checkpoint.open(new CutFiles(new FolderFiles(MODEL), piece))) {
            assertThat(distant.files()).isEqualTo(local.files());
            assertThat(digest(distant, null)).isEqualTo(digest(local, null));
        }
    }

    @Test
    void itsTensorsLiveAsLongAsTheirArena() {
        try (Checkpoint local = Checkpoint.open(MODEL);
                Checkpoint distant = Checkpoint.open(new CutFiles(new FolderFiles(MODEL), 1))) {
            for (String name : local.tensorNames()) {
                StoredTensor released;
                try (Arena arena = Arena.ofConfined()) {
                    released = distant.tensor(name, arena);
                    assertThat(released.data().mismatch(local.tensor(name).data()))
                            .isEqualTo(-1);
                }
                assertThat(released.data().scope().isAlive()).isFalse();
            }
        }
    }

    @Test
    void theTensorsOfABlockAreExpectedTogether() {
        CutFiles files = new CutFiles(new FolderFiles(MODEL), 1);
        try (Checkpoint distant = Checkpoint.open(files)) {
            distant.expect("model.layers.1.");

            assertThat(files.expected)
                    .extracting(CheckpointFiles.Range::length)
                    .containsExactlyInAnyOrderElementsOf(distant.tensorNames().stream()
                            .filter(name -> name.startsWith("model.layers.1."))
                            .map(name -> distant.entry(name).bytes())
                            .toList())
                    .isNotEmpty();
        }
    }

    /** Every place of the value against the ends of pieces of every small size. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 7, 64})
    void aWeightThatIsCutByPiecesIsSeen(int piece) throws IOException {
        for (int element = 0; element < 21; element++) {
            byte[] data = new byte[21 * Float.BYTES];
            data[element * Float.BYTES + 2] = (byte) 0x80;
            data[element * Float.BYTES + 3] = (byte) 0xff;
            Files.writeString(folder.resolve("config.json"), "{}");
            String header = "{\"v\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                    + "\"w\":{\"dtype\":\"F32\",\"shape\":[3,7],\"data_offsets\":[1,85]}}";
            byte[] shifted = new byte[data.length + 1];
            System.arraycopy(data, 0, shifted, 1, data.length);
            RawSafetensors.write(folder.resolve("model.safetensors"), header, shifted);
            String where = "model.safetensors: w[%d, %d]: -Infinity".formatted(element / 7, element % 7);
            try (Checkpoint distant = Checkpoint.open(new CutFiles(new FolderFiles(folder), piece))) {
                assertThatThrownBy(() -> digest(distant, null))
                        .isInstanceOfSatisfying(
                                QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NON_FINITE_WEIGHTS))
                        .hasMessage(where + " (expected: finite weights)");
            }
        }
    }

    @Test
    void digestsOfDistantFilesAreRemembered() throws IOException {
        Path cache = folder.resolve("cache.json");
        try (Checkpoint distant = Checkpoint.open(new CutFiles(new FolderFiles(MODEL), 4096))) {
            ModelDigest first = digest(distant, cache);

            assertThat(Files.readString(cache)).contains("s3://bucket/model/model.safetensors");
            assertThat(digest(distant, cache)).isEqualTo(first);
        }
    }

    @Test
    void filesAreClosedWhenTheyAreNoCheckpoint() {
        CutFiles files = new CutFiles(new FolderFiles(folder), 1);

        assertThatThrownBy(() -> Checkpoint.open(files)).hasMessageContaining("config.json: missing");
        assertThat(files.closed).isTrue();
    }

    private static ModelDigest digest(Checkpoint checkpoint, Path cache) {
        return ModelDigest.of(checkpoint, cache, bytes -> {}, Cancellation.NEVER);
    }
}
