package dev.quern.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Yaqa.Sketch;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SketchPlanTest {
    private static Recipe yaqa(String rounding) {
        return Recipes.read("apiVersion: quern/v1\nrounding: {method: yaqa%s}\ngrid: {bits: 4}\n".formatted(rounding));
    }

    private static SketchPlan plan(int windows, int perTile, Recipe... recipes) {
        return SketchPlan.of(List.of(recipes), new Tiling(windows, 512, perTile))
                .orElseThrow();
    }

    @Test
    void onlyYaqaNeedsGradients() {
        assertThat(SketchPlan.of(List.of(Recipes.find("gptq-w4a16"), Recipes.find("rtn-w4a16")), new Tiling(8, 16, 2)))
                .isEmpty();
        assertThat(SketchPlan.isNeeded(List.of(Recipes.find("gptq-w4a16")))).isFalse();
        assertThat(SketchPlan.isNeeded(List.of(Recipes.find("gptq-w4a16"), Recipes.find("yaqa-lite-w4a16"))))
                .isTrue();
    }

    @Test
    void theLastWindowOfNineIsHeldOut() {
        SketchPlan plan = plan(2304, 8, Recipes.find("yaqa-w4a16"));

        assertThat(plan.fit())
                .containsExactly(
                        new TileRun(0, 64), new TileRun(64, 128), new TileRun(128, 192), new TileRun(192, 256));
        assertThat(plan.heldOut()).isEqualTo(new TileRun(256, 288));
        assertThat(plan.spec().sides()).isEqualTo(Sides.BOTH);
        assertThat(plan.seed()).isZero();
    }

    /** Each tile is in one run; what is held out is at least what was asked for. */
    @ParameterizedTest
    @CsvSource({"2, 1, 1", "5, 2, 1", "31, 4, 5", "32, 4, 8", "100, 7, 50", "9, 8, 1"})
    void runsCoverTheTextOnce(int windows, int perTile, int heldOut) {
        SketchPlan plan = plan(windows, perTile, yaqa(", minimumWindows: 1, holdOut: " + heldOut));

        int tiles = Math.ceilDiv(windows, perTile);
        assertThat(plan.runs().stream().flatMapToInt(run -> IntStream.range(run.first(), run.end())))
                .containsExactlyElementsOf(IntStream.range(0, tiles).boxed().toList());
        int kept = windows - plan.heldOut().first() * perTile;
        assertThat(kept).isBetween(heldOut, heldOut + perTile);
        assertThat(plan.fit()).hasSize(Math.min(4, plan.heldOut().first()));
    }

    @Test
    void theOutputsAloneAreEnoughWhereNoRecipeReadsTheInputs() {
        assertThat(plan(2304, 8, Recipes.find("yaqa-lite-w4a16")).spec().sides())
                .isEqualTo(Sides.OUTER);
        assertThat(plan(2304, 8, Recipes.find("yaqa-lite-w4a16"), Recipes.find("yaqa-w2a16"))
                        .spec()
                        .sides())
                .isEqualTo(Sides.BOTH);
    }

    /** Each pass of a power iteration needs the sums of the one before over the whole text. */
    @Test
    void aPowerIterationHasOneRunBesideTheOneHeldOut() {
        SketchPlan plan = plan(2304, 8, yaqa(", sketch: {type: tokens, iterations: 4}"));

        assertThat(plan.fit()).containsExactly(new TileRun(0, 256));
        assertThat(plan.heldOut()).isEqualTo(new TileRun(256, 288));
        assertThat(plan.spec()).isEqualTo(new SketchSpec(new Sketch.Tokens(4), Sides.BOTH));
        assertThat(plan(2304, 8, yaqa("")).spec().sketch()).isEqualTo(new Sketch.Windows());
    }

    @Test
    void tooShortATextIsRefusedWithTheNumbers() {
        assertThatThrownBy(() -> plan(136, 8, Recipes.find("yaqa-w4a16")))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_DATASET))
                .hasMessageStartingWith("calibration: 136 windows of 512 tokens, of which 16 are held out (expected: at"
                        + " least 128 besides");
        assertThatThrownBy(() -> plan(8, 8, yaqa(", minimumWindows: 1")))
                .hasMessageStartingWith("calibration: 8 windows of 512 tokens, of which 8 are held out");
        assertThat(plan(144, 8, Recipes.find("yaqa-w4a16")).heldOut()).isEqualTo(new TileRun(16, 18));
    }

    @Test
    void methodsOfOneJobShareTheirGradients() {
        Recipe first = yaqa(", holdOut: 16");
        assertThatThrownBy(() -> plan(2304, 8, first, yaqa(", holdOut: 16, seed: 1")))
                .hasMessage(
                        "rounding.seed: 1 (expected: 0, as another method of this job has it: they share gradients)");
        assertThatThrownBy(() -> plan(2304, 8, first, yaqa("")))
                .hasMessageStartingWith("rounding.holdOut: 256 (expected: 16, as another");
        assertThatThrownBy(() -> plan(2304, 8, first, yaqa(", holdOut: 16, sketch: {type: tokens}")))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE))
                .hasMessageStartingWith("rounding.sketch: tokens, 6 iterations (expected: windows, as another");
        assertThat(plan(2304, 8, first, yaqa(", holdOut: 16, sketch: {type: windows}"))
                        .fit())
                .hasSize(4);
    }
}
