package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation.CancelledException;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.Samples;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.Yaqa;
import dev.quern.recipes.Yaqa.InputFactor;
import dev.quern.recipes.Yaqa.Sketch;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The committed model, the whole way from the checkpoint to the report, by the plain backend on a little text. */
class CompressionRunTest {
    /** Calibration windows: enough for a good result, and enough for any. */
    private static final int ENOUGH = 48;

    private static final int FEW = 6;

    /** Two tiles, the second of three windows. */
    private static final int MANY_TILES = 89;

    private static final Budget BUDGET = new Budget(8L << 30, 2, null);
    private static final Recipe.Rounding GPTQ = new Gptq(Order.STATIC, 0.01);

    @TempDir
    Path folder;

    @Test
    void gptqIsCloserToTheOriginalThanPlainRounding() {
        Report gptq = run("gptq", ENOUGH, 4, Propagation.INDEPENDENT, GPTQ);
        Report sequential = run("sequential", ENOUGH, 4, Propagation.SEQUENTIAL, GPTQ);
        Report nearest = run("nearest", ENOUGH, 4, Propagation.INDEPENDENT, new Nearest());

        double limit = nearest.evaluations().getFirst().klMean();
        assertThat(gptq.evaluations().getFirst().klMean()).isPositive().isLessThan(limit);
        assertThat(sequential.evaluations().getFirst().klMean()).isPositive().isLessThan(limit);
        assertThat(gptq.evaluations().getFirst().pplOriginal())
                .isEqualTo(nearest.evaluations().getFirst().pplOriginal());
        assertThat(gptq.verdict().accepted()).isTrue();
    }

    @Test
    void theReportSaysWhatWasDone() {
        Report report = run("one", FEW, 4, Propagation.INDEPENDENT, GPTQ);

        assertThat(report.model().type()).isEqualTo("llama");
        assertThat(report.model().parameters()).isEqualTo(1_049_728L);
        assertThat(report.calibration().windows()).isEqualTo(FEW);
        assertThat(report.calibration().recommendation()).contains("text that resembles your production traffic");
        assertThat(report.linears())
                .hasSize(28)
                .extracting(Report.Linear::figures)
                .allSatisfy(figures -> assertThat(figures.relativeError()).isLessThan(figures.relativeErrorNearest()));
        assertThat(report.linears().getLast().name()).isEqualTo("model.layers.3.mlp.down_proj");
        assertThat(report.evaluations().getFirst().tokens()).isEqualTo(8 * 47);
        assertThat(report.evaluations().getFirst().blockErrors())
                .hasSize(4)
                .allSatisfy(error -> assertThat(error).isBetween(0.001, 1.0));
        assertThat(report.evaluations().getFirst().linearErrors())
                .extracting(Report.LinearError::name)
                .isEqualTo(report.linears().stream().map(Report.Linear::name).toList());
        assertThat(report.heldOut().values())
                .allSatisfy(error -> assertThat(error).isBetween(1e-4, 0.5));
        assertThat(report.linears()).extracting(Report.Linear::figures).allSatisfy(figures -> {
            assertThat(figures.tokens()).isEqualTo(FEW * 48);
            assertThat(figures.sparsity()).isBetween(0.01, 0.5);
        });
        assertThat(report.sizes().bitsPerWeight()).isBetween(4.5, 4.51);
        assertThat(report.times().secondsPerStage())
                .containsOnlyKeys("inspect", "plan", "compress", "assemble", "verify", "evaluate");
    }

    @Test
    void threadsAndInterruptionsChangeNoByteOfTheOutput() {
        String digest = run("two", FEW, 4, Propagation.SEQUENTIAL, GPTQ).model().outputDigest();
        AtomicInteger done = new AtomicInteger();
        WalkListener counter = new WalkListener() {
            @Override
            public void linearDone(int output, int block, LinearRecord linear) {
                done.incrementAndGet();
            }
        };
        List<Integer> reused = new ArrayList<>();
        WalkListener listener = new WalkListener() {
            @Override
            public void blockDone(int block, boolean again, List<LinearRecord> linears) {
                if (again) {
                    reused.add(block);
                }
            }
        };
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            CompressionRequest request = request(FEW, 4, Propagation.SEQUENTIAL, GPTQ);
            // Stopped in the middle of the third block.
            Workplace stopped = new Workplace(
                    folder.resolve("w"), folder.resolve("o"), BUDGET, Fanout.ALONE, counter, () -> done.get() > 17);
            assertThatThrownBy(() -> new CompressionRun(oneThread, request, stopped).run())
                    .isInstanceOf(CancelledException.class);
            Workplace again = new Workplace(
                    folder.resolve("w"), folder.resolve("o"), BUDGET, Fanout.ALONE, listener, () -> false);
            Report report = new CompressionRun(oneThread, request, again).run();

            assertThat(reused).containsExactly(0, 1);
            assertThat(report.model().outputDigest()).isEqualTo(digest);
        }
    }

    /** The original's streams at segment starts come from the trace, in runs of tiles of their own. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4})
    void segmentsChangeNoByteOfTheOutput(int segments) {
        Report whole = run("whole", MANY_TILES, 4, Propagation.INDEPENDENT, GPTQ);
        try (JavaBackend oneThread = new JavaBackend(DType.F32, 1)) {
            Fanout fanout = new Fanout(1, segments, Double.POSITIVE_INFINITY);
            Workplace place = new Workplace(
                    folder.resolve("w"), folder.resolve("o"), BUDGET, fanout, WalkListener.NONE, () -> false);
            CompressionRequest request = request(MANY_TILES, 4, Propagation.INDEPENDENT, GPTQ);

            Report report = new CompressionRun(oneThread, request, place).run();

            assertThat(report.plan().segments()).isEqualTo(segments);
            assertThat(report.times().secondsPerStage().get("trace")).isPositive();
            assertThat(report.model().outputDigest()).isEqualTo(whole.model().outputDigest());
        }
    }

    /** Sums of gradients know nothing of bits: what another width starts from is not made again. */
    @Test
    void twoBitWidthsStartFromTheSameGradients() throws IOException {
        Report four = run("w4", MANY_TILES, yaqa(InputFactor.FISHER, 4), "same");
        Map<String, FileTime> sketches = sketches();
        Report two = run("w2", MANY_TILES, yaqa(InputFactor.FISHER, 2), "same");
        Report lite = run("lite", MANY_TILES, yaqa(InputFactor.ACTIVATIONS, 4), "same");

        assertThat(sketches).hasSize(28 * 2 * 2);
        assertThat(sketches()).isEqualTo(sketches);
        for (Report report : List.of(four, two, lite)) {
            assertThat(report.linears())
                    .extracting(linear -> linear.figures().twoSided())
                    .doesNotContainNull();
            assertThat(report.times().secondsPerStage()).containsKeys("trace", "gradient", "compress");
        }
        assertThat(four.evaluations().getFirst().klMean())
                .isLessThan(two.evaluations().getFirst().klMean());
        assertThat(lite.model().outputDigest()).isNotEqualTo(four.model().outputDigest());
    }

    /** It has one run of text beside the one held out. */
    @Test
    void aPowerIterationRoundsFromBothSides() throws IOException {
        Report report = run("w4", MANY_TILES, iterated(yaqa(InputFactor.FISHER, 4)), "same");

        assertThat(sketches()).hasSize(28 * 2 * 2);
        assertThat(report.verdict().accepted()).isTrue();
        assertThat(report.linears())
                .extracting(linear -> linear.figures().twoSided())
                .doesNotContainNull();
    }

    private static Recipe iterated(Recipe recipe) {
        Yaqa yaqa = (Yaqa) recipe.rounding();
        Yaqa rounding = new Yaqa(
                yaqa.inputFactor(),
                yaqa.damping(),
                yaqa.shrinkage(),
                yaqa.minimumWindows(),
                yaqa.holdOut(),
                yaqa.rowOrder(),
                yaqa.seed(),
                new Sketch.Tokens(2));
        return new Recipe(recipe.name(), recipe.propagation(), recipe.grid(), rounding, true);
    }

    /** The gradients are the original's; the inputs come through the compressed blocks. */
    @Test
    void gradientsServeASequentialRecipe() {
        Recipe independent = yaqa(InputFactor.ACTIVATIONS, 4);
        Report report = run(
                "sequential",
                MANY_TILES,
                new Recipe("test", Propagation.SEQUENTIAL, independent.grid(), independent.rounding(), true),
                "w");

        assertThat(report.verdict().accepted()).isTrue();
        assertThat(report.linears())
                .extracting(linear -> linear.figures().twoSided())
                .doesNotContainNull();
    }

    private static Recipe yaqa(InputFactor factor, int bits) {
        Yaqa rounding = new Yaqa(factor, 0.01, List.of(0.0, 0.5), 1, 1, Order.STATIC, 0);
        return new Recipe(
                "test", Propagation.INDEPENDENT, new Grid(bits, Grid.AUTO, true, ClipSearch.MSE), rounding, true);
    }

    private Map<String, FileTime> sketches() throws IOException {
        Map<String, FileTime> sketches = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder.resolve("work-same/artifacts"))) {
            for (Path file : files.filter(each -> each.getFileName().toString().startsWith("sketch-"))
                    .toList()) {
                sketches.put(file.getFileName().toString(), Files.getLastModifiedTime(file));
            }
        }
        return sketches;
    }

    /** The built-in recipes say auto since groups of 64 exist; what they made with 128 is found again. */
    @Test
    void autoIsTheSameAsTheGroupThatItTakesForEveryLinear() {
        Report explicit = run("explicit", new Recipe("test", Propagation.INDEPENDENT, grid(128), GPTQ, true), "same");
        Report auto = run("auto", new Recipe("test", Propagation.INDEPENDENT, grid(Grid.AUTO), GPTQ, true), "same");

        assertThat(auto.recipe()).isEqualTo(explicit.recipe());
        assertThat(auto.model().outputDigest()).isEqualTo(explicit.model().outputDigest());
        assertThat(reused).containsExactly(0, 1, 2, 3);
    }

    /** A whole block, too: its artifact is empty. */
    @ParameterizedTest
    @EnumSource(Propagation.class)
    void ignoredLinearsKeepTheirWeights(Propagation propagation) {
        List<String> patterns = List.of("*.o_proj", "model.layers.1.*");
        Report report = run(
                "ignore",
                new Recipe("test", propagation, grid(128), GPTQ, true)
                        .withOverrides(List.of(Recipe.ModuleOverride.keeping(patterns))),
                "ignore");

        assertThat(report.linears())
                .hasSize(28 - 4 - 6)
                .noneSatisfy(linear -> assertThat(linear.name()).endsWith("o_proj"));
        assertThat(report.notes())
                .anySatisfy(note -> assertThat(note)
                        .startsWith(
                                "not compressed: model.layers.0.self_attn.o_proj, model.layers.1.self_attn.q_proj,"));
        assertThat(report.evaluations().getFirst().klMean()).isPositive();
    }

    private static Grid grid(int group) {
        return new Grid(4, group, true, ClipSearch.NONE);
    }

    private final List<Integer> reused = new ArrayList<>();

    private Report run(String name, Recipe recipe, String work) {
        return run(name, FEW, recipe, work);
    }

    private Report run(String name, int windows, Recipe recipe, String work) {
        WalkListener listener = new WalkListener() {
            @Override
            public void blockDone(int block, boolean again, List<LinearRecord> linears) {
                if (again) {
                    reused.add(block);
                }
            }
        };
        try (JavaBackend backend = new JavaBackend(DType.F32, 2)) {
            Workplace place = new Workplace(
                    folder.resolve("work-" + work),
                    folder.resolve("out-" + name),
                    BUDGET,
                    Fanout.ALONE,
                    listener,
                    () -> false);
            return new CompressionRun(backend, request(windows, recipe), place).run();
        }
    }

    private Report run(String name, int windows, int bits, Propagation propagation, Recipe.Rounding rounding) {
        try (JavaBackend backend = new JavaBackend(DType.F32, 2)) {
            Workplace place = new Workplace(folder.resolve("work-" + name), folder.resolve("out-" + name), BUDGET);
            return new CompressionRun(backend, request(windows, bits, propagation, rounding), place).run();
        }
    }

    private static CompressionRequest request(
            int windows, int bits, Propagation propagation, Recipe.Rounding rounding) {
        Grid grid = new Grid(bits, 32, true, ClipSearch.NONE);
        return request(windows, new Recipe("test", propagation, grid, rounding, true));
    }

    private static CompressionRequest request(int windows, Recipe recipe) {
        return new CompressionRequest(
                Samples.tinyLlama(), recipe, new Text(null, windows, 48), List.of(new Text(null, 8, 48)), Gate.NONE);
    }
}
