package dev.quern.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Half a matrix is stored, the whole comes back. */
class SymmetricSumTest {
    private static final ArtifactName NAME = new ArtifactName(Kind.STATISTICS, 3, "a".repeat(64));

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private final long seed = System.nanoTime();

    @TempDir
    Path folder;

    /** Less than a panel, a panel, one more, several with a rest. */
    @ParameterizedTest
    @ValueSource(ints = {1, 7, 63, 64, 65, 128, 200})
    void whatWasStoredIsAddedToBothTriangles(int cols) {
        double[] stored = symmetric(cols, new Random(seed));
        double[] before = symmetric(cols, new Random(seed + 1));
        double[] sum = new double[stored.length];
        Path file = folder.resolve("h");
        try (Scope scope = backend.memory().scope()) {
            Tensor gram = upload(scope, stored, cols);
            StatisticsArtifact.write(
                    file,
                    NAME,
                    cols,
                    17,
                    (from, to, panel) ->
                            backend.memory().download(gram.rows(from, to).cols(0, to), panel));
            Tensor target = upload(scope, before, cols);

            long tokens = StatisticsArtifact.read(file, NAME, cols, new SymmetricSum(backend, target)::add);

            assertThat(tokens).isEqualTo(17);
            backend.memory().download(target, MemorySegment.ofArray(sum));
        }
        double[] expected = new double[sum.length];
        for (int i = 0; i < sum.length; i++) {
            expected[i] = before[i] + stored[i];
        }
        assertThat(sum).as("seed %d", seed).containsExactly(expected);
        assertThat(file.toFile().length() - StatisticsArtifact.bytes(cols)).isBetween(0L, 1024L);
        assertThat(StatisticsArtifact.bytes(cols)).isLessThanOrEqualTo(8L * cols * (cols + 64) / 2 + 8L * 64 * 64);
    }

    @Test
    void aFlippedBitAndAnotherWidthAreDamage() throws IOException {
        Path file = folder.resolve("h");
        StatisticsArtifact.write(file, NAME, 5, 1, (from, to, panel) -> panel.fill((byte) 1));

        assertThatThrownBy(() -> StatisticsArtifact.read(file, NAME, 6, (from, to, panel) -> {}))
                .isInstanceOf(DamagedArtifactException.class);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> StatisticsArtifact.read(file, NAME, 5, (from, to, panel) -> {
                    throw new AssertionError("read before it was checked");
                }))
                .isInstanceOf(DamagedArtifactException.class)
                .hasMessageContaining("statistics-00003-");
    }

    private Tensor upload(Scope scope, double[] values, int cols) {
        Tensor tensor = scope.allocate(DType.F64, cols, cols);
        Tensor source = backend.memory().upload(scope, MemorySegment.ofArray(values), DType.F64, cols, cols);
        backend.memory().copy(source, tensor);
        return tensor;
    }

    private static double[] symmetric(int cols, Random random) {
        double[] values = new double[cols * cols];
        for (int i = 0; i < cols; i++) {
            for (int j = 0; j <= i; j++) {
                values[i * cols + j] = random.nextGaussian();
                values[j * cols + i] = values[i * cols + j];
            }
        }
        return values;
    }
}
