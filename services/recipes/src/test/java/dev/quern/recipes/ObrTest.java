package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Obr.Form;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import org.junit.jupiter.api.Test;

class ObrTest {
    private static Recipe recipe(String rounding, String mask) {
        return Recipes.read(
                "apiVersion: quern/v1\ngrid: {bits: 4}\nrounding: {method: %s}\n%s".formatted(rounding, mask));
    }

    @Test
    void whatIsLeftOutIsUsual() {
        Recipe recipe = recipe("obr", "mask: {sparsity: 0.5}");
        assertThat(recipe.rounding()).isEqualTo(new Obr(Form.RESTRICTED, 0.01));
    }

    @Test
    void namesSayWhatIsPruned() {
        assertThat(recipe("gptq", "mask: {sparsity: 0.625}").name()).isEqualTo("gptq-w4s62.5");
        assertThat(recipe("gptq", "mask: {pattern: '4:8'}").name()).isEqualTo("gptq-w4-4of8");
        assertThat(recipe("obr", "mask: {sparsity: 0.3, score: magnitude}").name())
                .startsWith("obr-w4s30-");
    }

    @Test
    void everyValueReadsBack() {
        Recipe recipe = recipe("obr, form: staged, damping: 0.02", "mask: {pattern: '2:4'}");
        assertThat(recipe.rounding()).isEqualTo(new Obr(Form.STAGED, 0.02));
        assertThat(recipe.rounding().parameters()).containsEntry("form", "staged");
        assertThat(Recipes.read(Json.writePretty(RecordCodec.write(recipe)))).isEqualTo(recipe);
    }

    @Test
    void dampingOutOfBoundsIsRefused() {
        assertThatThrownBy(() -> recipe("obr, damping: 1", "mask: {sparsity: 0.5}"))
                .hasMessage("rounding.damping: 1.0 (expected: more than 0, less than 1)");
    }

    @Test
    void methodsAndMasksThatDoNotGoTogetherAreRefused() {
        assertThatThrownBy(() -> recipe("obr", ""))
                .hasMessage("rounding: obr without a mask (expected: a mask, or gptq)");
        assertThatThrownBy(() -> recipe("yaqa", "mask: {sparsity: 0.5}"))
                .hasMessage("mask: with yaqa, which does not keep zeros (expected: gptq, nearest or obr)");
    }
}
