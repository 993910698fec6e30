package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Yaqa.InputFactor;
import dev.quern.recipes.Yaqa.Sketch;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YaqaTest {
    private static Recipe recipe(String rounding) {
        return Recipes.read("apiVersion: quern/v1\ngrid: {bits: 3}\nrounding: {method: yaqa%s}\n".formatted(rounding));
    }

    @Test
    void whatIsLeftOutIsUsual() {
        Recipe recipe = recipe("");
        assertThat(recipe.rounding())
                .isEqualTo(new Yaqa(InputFactor.FISHER, 0.01, List.of(0.0, 0.25, 0.5), 128, null, Order.STATIC, 0))
                .isEqualTo(recipe.rounding().usual());
        assertThat(recipe.name()).isEqualTo("yaqa-w3a16");
        assertThat(recipe(", inputFactor: activations").name()).isEqualTo("yaqa-lite-w3a16");
    }

    @Test
    void everyValueReadsBack() {
        Recipe recipe = recipe(", inputFactor: activations, damping: 0.02, shrinkage: [0.1, 1], minimumWindows: 64,"
                + " holdOut: 32, rowOrder: none, seed: 7");
        assertThat(recipe.rounding())
                .isEqualTo(new Yaqa(InputFactor.ACTIVATIONS, 0.02, List.of(0.1, 1.0), 64, 32, Order.NONE, 7));
        assertThat(Recipes.read(Json.writePretty(RecordCodec.write(recipe)))).isEqualTo(recipe);
    }

    @Test
    void aSketchOfTokensHasSixIterationsUnlessItSays() {
        assertThat(((Yaqa) recipe(", sketch: {type: tokens}").rounding()).sketch())
                .isEqualTo(new Sketch.Tokens(6));
        Recipe recipe = recipe(", sketch: {type: tokens, iterations: 3}");
        assertThat(((Yaqa) recipe.rounding()).sketchOrWindows()).isEqualTo(new Sketch.Tokens(3));
        assertThat(Recipes.read(Json.writePretty(RecordCodec.write(recipe)))).isEqualTo(recipe);
        assertThat(recipe.rounding().parameters()).containsEntry("sketch", "tokens, 3 iterations");
        assertThat(recipe.name()).startsWith("yaqa-w3a16-");
        assertThat(Recipes.read(
                                "apiVersion: quern/v1\nextends: yaqa-w3a16\nrounding: {sketch: {type: tokens, iterations: 3}}\n")
                        .rounding())
                .isEqualTo(recipe.rounding());
    }

    /** What earlier builds wrote says nothing of it, so neither do we. */
    @Test
    void aSketchOfWindowsIsNotWritten() {
        Recipe recipe = recipe(", sketch: {type: windows}");
        assertThat(recipe).isEqualTo(recipe(""));
        assertThat(((Yaqa) recipe.rounding()).sketchOrWindows()).isEqualTo(new Sketch.Windows());
        assertThat(Json.writePretty(RecordCodec.write(recipe))).doesNotContain("sketch");
        assertThat(recipe.rounding().parameters()).doesNotContainKey("sketch");
    }

    @Test
    void anUnknownSketchIsRefused() {
        assertThatThrownBy(() -> recipe(", sketch: {type: sequences}"))
                .hasMessageContaining("rounding.sketch.type: sequences")
                .hasMessageContaining("tokens");
        assertThatThrownBy(() -> recipe(", sketch: {type: windows, iterations: 2}"))
                .hasMessageContaining("rounding.sketch.iterations");
    }

    @Test
    void oneWindowOfNineIsHeldOut() {
        Yaqa usual = (Yaqa) recipe("").rounding();
        assertThat(usual.heldOut(2304)).isEqualTo(256);
        assertThat(usual.heldOut(8)).isEqualTo(1);
        assertThat(((Yaqa) recipe(", holdOut: 3").rounding()).heldOut(2304)).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "damping: 0 | rounding.damping: 0.0 (expected: more than 0, less than 1)",
                "shrinkage: [] | rounding.shrinkage: [] (expected: shares from 0 to 1, for example [0, 0.5])",
                "shrinkage: [1.5] | rounding.shrinkage: [1.5] (expected: shares from 0 to 1, for example [0, 0.5])",
                "minimumWindows: 0 | rounding.minimumWindows: 0 (expected: 1 or more)",
                "sketch: {type: tokens, iterations: 1} | rounding.sketch.iterations: 1 (expected: 2 or more)",
                "holdOut: 0 | rounding.holdOut: 0 (expected: 1 or more, or none)"
            })
    void aValueOutOfBoundsIsRefused(String value, String message) {
        assertThatThrownBy(() -> recipe(", " + value)).hasMessage(message);
    }
}
