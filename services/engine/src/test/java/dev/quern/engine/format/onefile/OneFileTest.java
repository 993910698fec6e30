package dev.quern.engine.format.onefile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.CompressedModel;
import dev.quern.engine.format.GoldenVectors;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.RandomModel;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Model;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Assembly and verification know nothing of safetensors: a container of another kind passes through both. */
class OneFileTest {
    private static final OutputFormat FORMAT = new OneFile();

    private final Checkpoint source = Checkpoint.open(GoldenVectors.GOLDEN.resolve("base-bf16"));
    private final Architecture architecture = Architectures.of(source.config());

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        source.close();
    }

    @Test
    void anotherContainerIsWrittenAndReadBack() {
        IntegerShape grid = new IntegerShape(4, 32, true);
        CompressedModel model = RandomModel.of(architecture, grid);
        AtomicLong progress = new AtomicLong();

        Assembled assembled = FORMAT.write(assembly(grid, model), folder, progress::addAndGet, Cancellation.NEVER);

        assertThat(progress).hasValue(source.tensorBytes());
        assertThat(assembled.inPublishOrder(List.of("quern-report.json")))
                .as("the one file completes the output")
                .containsExactly("quern-report.json", "model.one");
        Verification verified = verify(assembled, assembly(grid, model));
        assertThat(verified.format()).isEqualTo("one-file");
        assertThat(verified.linears()).isEqualTo(14);
        assertThat(verified.bitsPerWeight()).isEqualTo(8 + 40.0 / 32);
        assertThat(FORMAT.open(folder).orElseThrow().architecture()).isEqualTo(architecture);
    }

    @Test
    void aWrongCodeIsFound() {
        IntegerShape grid = new IntegerShape(4, 32, true);
        CompressedModel model = RandomModel.of(architecture, grid);
        Assembled assembled = FORMAT.write(assembly(grid, model), folder, bytes -> {}, Cancellation.NEVER);
        CompressedModel other = block -> {
            List<CompressedLinear> linears = model.linears(block);
            ((IntegerGrid) linears.getLast().core()).codes()[5] ^= (byte) (block == 1 ? 1 : 0);
            return linears;
        };

        assertThatThrownBy(() -> verify(assembled, assembly(grid, other)))
                .hasMessage("model.layers.1.mlp.down_proj: differs from what was compressed"
                        + " (expected: equal codes, zeros, scales)");
    }

    @Test
    void whatItCannotHoldIsRefusedBeforeAnyFile() {
        IntegerShape grid = new IntegerShape(4, 32, false);
        Assembly assembly = assembly(grid, RandomModel.of(architecture, grid));

        assertThatThrownBy(() -> FORMAT.write(assembly, folder, bytes -> {}, Cancellation.NEVER))
                .hasMessage("model.layers.0.self_attn.q_proj: asymmetric (expected: symmetric)");
        assertThat(folder).isEmptyDirectory();
        assertThat(Files.exists(folder.resolve(OneFile.FILE))).isFalse();
    }

    private Assembly assembly(IntegerShape grid, CompressedModel model) {
        return new Assembly(source, new Model(architecture, source), GridMap.of(grid, architecture), model);
    }

    private Verification verify(Assembled assembled, Assembly assembly) {
        return OutputVerifier.verifyAssembled(FORMAT, folder, assembled, assembly, bytes -> {}, Cancellation.NEVER);
    }
}
