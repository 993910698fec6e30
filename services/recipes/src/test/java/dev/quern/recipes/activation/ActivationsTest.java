package dev.quern.recipes.activation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.activation.Activations.TokenGrid;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActivationsTest {
    private static final String USUAL = "inputs: {bits: 4}, kvCache: {bits: 4, symmetric: false, clip: 0.95}";

    @Test
    void aRecipeSaysWhatAnEngineRounds() {
        Recipe recipe = recipe("gptq-w4a16", USUAL);

        assertThat(recipe.activations())
                .isEqualTo(new Activations(new TokenGrid(4, true, 1), new TokenGrid(4, false, 0.95), false));
        assertThat(recipe.name()).startsWith("gptq-w4a4kv4-");
        assertThat(recipe("gptq-w4a16", "inputs: {bits: 8}").name()).startsWith("gptq-w4a8-");
        assertThat(recipe("gptq-w4a16", "kvCache: {bits: 8}").name()).startsWith("gptq-w4a16kv8-");
        assertThat(recipe("obr-w4s50", USUAL).name()).startsWith("gptq-w4a4kv4-s50-");
        assertThat(recipe("obr-w4-2of4", USUAL).name()).startsWith("gptq-w4a4kv4-2of4-");
        assertThat(recipe.activations().title())
                .isEqualTo(
                        "inputs of linears to 4 bits per token, keys and values to 4 bits asymmetric clipped to 0.95 of"
                                + " the range per token and head");
        assertThat(recipe.activations().note()).contains("the files hold the weights alone");
    }

    /** No text and no key of a recipe without them changes. */
    @Test
    void aRecipeWithoutThemDoesNotSayAnything() {
        assertThat(Recipes.all())
                .filteredOn(recipe -> recipe.activations() == null)
                .isNotEmpty()
                .allSatisfy(recipe ->
                        assertThat(Json.write(RecordCodec.write(recipe))).doesNotContain("\"activations\":"));
    }

    /** The weights are the same, so their artifacts are. */
    @Test
    void onlyACalibrationWithThemDecidesTheWeights() {
        Recipe usual = Recipes.find("obr-w4s50");

        assertThat(recipe("obr-w4s50", USUAL).decisive()).isEqualTo(usual.decisive());
        assertThat(recipe("obr-w4s50", USUAL + ", calibrated: true").decisive().get("activations"))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "calibrated: true | activations: nothing (expected: inputs, kvCache or both)",
                "inputs: {bits: 1} | activations.bits: 1 (expected: 2 to 16)",
                "kvCache: {bits: 17} | activations.bits: 17 (expected: 2 to 16)",
                "inputs: {bits: 4, clip: 0} | activations.clip: 0.0 (expected: more than 0, at most 1)",
                "inputs: {bits: 4, clip: 1.5} | activations.clip: 1.5 (expected: more than 0, at most 1)",
                "inputs: {bits: 4}, calibrated: true | activations.calibrated: true (expected: false, or sequential propagation)"
            })
    void othersAreRefused(String activations, String message) {
        assertThatThrownBy(() -> recipe("rtn-w4a16", activations))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE))
                .hasMessage(message);
    }

    private static Recipe recipe(String base, String activations) {
        return Recipes.read("""
                apiVersion: quern/v1
                extends: %s
                activations: {%s}
                """.formatted(base, activations));
    }
}
