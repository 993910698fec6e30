package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.Samples;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Transform;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.activation.Activations.TokenGrid;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed model by recipes that round activations, from the checkpoint to the report. */
class ActivationsRunTest {
    private static final Recipe RECIPE = new Recipe(
            "test", Propagation.SEQUENTIAL, new Grid(4, 32, true, ClipSearch.NONE), new Gptq(Order.STATIC, 0.01), true);

    @TempDir
    Path folder;

    private final List<Integer> reused = new ArrayList<>();

    /** The evaluation alone rounds them: the weights are the same, and not made twice. */
    @Test
    void roundedActivationsCostQualityAndNoWeights() {
        Report plain = run("plain", (Activations) null, 2);
        Report fine = run("fine", activations(16, 16, false), 1);
        assertThat(reused).containsExactly(0, 1, 2, 3);
        Report coarse = run("coarse", activations(4, 4, false), 2);
        Report cache = run("cache", activations(16, 4, false), 2);
        Report again = run("again", activations(4, 4, false), 1);

        assertThat(List.of(fine, coarse, cache))
                .extracting(report -> report.model().outputDigest())
                .containsOnly(plain.model().outputDigest());
        assertThat(kl(fine)).isCloseTo(kl(plain), within(0.01 * kl(plain)));
        assertThat(kl(coarse)).isGreaterThan(2 * kl(plain)).isGreaterThan(kl(cache));
        assertThat(kl(cache)).isGreaterThan(1.02 * kl(plain));
        assertThat(kl(again)).as("threads").isEqualTo(kl(coarse));
        assertThat(coarse.notes())
                .anyMatch(note -> note.startsWith("activations: ") && note.contains("the files hold"));
        assertThat(plain.notes()).noneMatch(note -> note.startsWith("activations: "));
    }

    /** Weights that were calibrated with them make up for them. */
    @Test
    void aCalibrationWithThemMakesOtherWeights() {
        Report silent = run("silent", activations(3, 16, false), 2);
        Report calibrated = run("calibrated", activations(3, 16, true), 2);

        assertThat(reused).isEmpty();
        assertThat(calibrated.model().outputDigest())
                .isNotEqualTo(silent.model().outputDigest());
        assertThat(kl(calibrated)).isLessThan(kl(silent));
    }

    /** A loader that does not turn them would talk nonsense, so there is no such result. */
    @Test
    void whatAnEngineHasToTurnIsNotWrittenForLoaders() throws IOException {
        Report report = run("turned", RECIPE.withTransform(new Transform.Rotate(0, true)), 2);
        Path output = folder.resolve("turned");

        assertThat(report.model().format()).isEqualTo(Formats.QUERN_SPARSE);
        assertThat(kl(report)).isBetween(1e-4, 0.2);
        assertThat(Files.readString(output.resolve("config.json"))).contains("online_hadamards", "mlp.down_proj");
        assertThat(report.notes()).anyMatch(note -> note.contains("an engine has to turn activations"));
        try (OutputReader reader = OutputFormats.open(output)) {
            assertThatThrownBy(reader::assembly)
                    .hasMessage("config.json: quantization_config.online_hadamards: an engine turns activations"
                            + " (expected: none, in a format that loaders read)");
        }
    }

    @Test
    void theFormatOfLoadersRefusesAModelThatTurns() {
        Recipe recipe = RECIPE.withTransform(new Transform.Rotate(0, true));
        try (Source source = Source.open(Samples.tinyLlama())) {
            Assembly assembly = Assembly.of(source.checkpoint(), source.model(recipe), recipe, block -> List.of());
            assertThatThrownBy(() -> OutputFormats.of(Formats.COMPRESSED_TENSORS)
                            .write(assembly, folder.resolve("out"), bytes -> {}, Cancellation.NEVER))
                    .hasMessageStartingWith("transform.online: true with compressed-tensors, whose loaders turn no");
            assertThat(folder.resolve("out")).doesNotExist();
        }
    }

    private static double kl(Report report) {
        return report.evaluations().getFirst().klMean();
    }

    private static Activations activations(int bits, int kvBits, boolean calibrated) {
        return new Activations(new TokenGrid(bits, true, 1), new TokenGrid(kvBits, true, 1), calibrated);
    }

    private Report run(String name, @Nullable Activations activations, int threads) {
        return run(name, RECIPE.withActivations(activations), threads);
    }

    private Report run(String name, Recipe recipe, int threads) {
        reused.clear();
        WalkListener listener = new WalkListener() {
            @Override
            public void blockDone(int block, boolean again, List<LinearRecord> linears) {
                if (again) {
                    reused.add(block);
                }
            }
        };
        CompressionRequest request = new CompressionRequest(
                Samples.tinyLlama(), recipe, new Text(null, 24, 48), List.of(new Text(null, 8, 48)), Gate.NONE);
        Budget budget = new Budget(8L << 30, threads, null);
        try (JavaBackend backend = new JavaBackend(DType.F32, threads)) {
            Workplace place = new Workplace(
                    folder.resolve("work"), folder.resolve(name), budget, Fanout.ALONE, listener, () -> false);
            return new CompressionRun(backend, request, place).run();
        }
    }
}
