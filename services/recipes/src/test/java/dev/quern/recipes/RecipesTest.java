package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.Json;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipesTest {
    @ParameterizedTest
    @CsvSource({
        "gptq-w4a16, 4, true",
        "gptq-w4a16-asym, 4, false",
        "gptq-w8a16, 8, true",
        "gptq-w3a16, 3, true",
        "gptq-w2a16, 2, true"
    })
    void theCatalogueHoldsGptq(String name, int bits, boolean symmetric) {
        assertThat(Recipes.find(name))
                .isEqualTo(new Recipe(
                        name,
                        Propagation.SEQUENTIAL,
                        new Grid(bits, Grid.AUTO, symmetric, ClipSearch.INPUTS),
                        new Gptq(Order.STATIC, 0.01),
                        true));
    }

    @Test
    void plainRoundingSearchesNoClip() {
        assertThat(Recipes.find("rtn-w4a16"))
                .isEqualTo(new Recipe(
                        "rtn-w4a16",
                        Propagation.INDEPENDENT,
                        new Grid(4, Grid.AUTO, true, ClipSearch.NONE),
                        new Nearest(),
                        true));
    }

    static Iterable<Recipe> catalogue() {
        return Recipes.all();
    }

    @ParameterizedTest
    @MethodSource("catalogue")
    void everyRecipeReadsBackFromJson(Recipe recipe) {
        assertThat(Recipes.read(Json.writePretty(RecordCodec.write(recipe)))).isEqualTo(recipe);
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 3, 2})
    void theBestRecipesDifferInBitsOnly(int bits) {
        assertThat(Recipes.find("gptq-best-w" + bits + "a16"))
                .isEqualTo(new Recipe(
                        "gptq-best-w" + bits + "a16",
                        Propagation.SEQUENTIAL,
                        new Grid(bits, Grid.AUTO, true, ClipSearch.INPUTS),
                        new Gptq(Order.STATIC, 0.01, 2),
                        true));
    }

    @Test
    void anUnknownNameListsTheKnownOnes() {
        assertThatThrownBy(() -> Recipes.find("gptq-w5"))
                .hasMessage("recipe: gptq-w5 (expected one of: gptq-w4a16, gptq-w4a16-asym, gptq-w8a16, gptq-w3a16,"
                        + " gptq-w2a16, gptq-best-w4a16, gptq-best-w3a16, gptq-best-w2a16, yaqa-w4a16, yaqa-w3a16,"
                        + " yaqa-w2a16, yaqa-lite-w4a16, obr-w4s50, obr-w4-2of4, obr-w4a4kv4-s50,"
                        + " rtn-w4a16)");
    }

    @Test
    void theVersionIsChecked() {
        assertThatThrownBy(() -> Recipes.read("name: x")).hasMessage("apiVersion: missing (expected: quern/v1)");
        assertThatThrownBy(() -> Recipes.read("apiVersion: quern/v2\nfuture: 1"))
                .hasMessage("apiVersion: \"quern/v2\" (expected: quern/v1)");
    }

    @Test
    void anUnknownKeyIsRefused() {
        String text = Recipes.text("gptq-w4a16").replace("  damping: 0.01", "  damping: 0.01\n  seed: 1");
        assertThatThrownBy(() -> Recipes.read(text)).isInstanceOfSatisfying(QuernException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE);
            assertThat(e.violations())
                    .containsExactly(new Violation(
                            "/rounding/seed",
                            "rounding.seed: unknown field (expected one of: damping, method, order, polish)"));
        });
    }

    @Test
    void nineBitsAreRefused() {
        String text = Recipes.text("gptq-w4a16").replace("bits: 4", "bits: 9");
        assertThatThrownBy(() -> Recipes.read(text)).hasMessage("grid.bits: 9 (expected: 2 to 8)");
    }

    @Test
    void aSearchByInputsNeedsAMethodThatRecordsThem() {
        String head = "apiVersion: quern/v1\ngrid: {bits: 4, clipSearch: inputs}\n";
        assertThat(Recipes.read(head).grid().clipSearch()).isEqualTo(Recipe.ClipSearch.INPUTS);
        assertThatThrownBy(() -> Recipes.read(head + "rounding: {method: nearest}"))
                .hasMessage("clipSearch: inputs (expected: mse or none with plain rounding, for which no inputs are"
                        + " recorded)");
        String override =
                "overrides: [{modules: ['*.v_proj'], grid: {clipSearch: inputs}, rounding: {method: nearest}}]";
        assertThatThrownBy(() -> Recipes.read(head + override))
                .hasMessageStartingWith("clipSearch: inputs (expected: mse or none");
    }

    @Test
    void aPolishIsWrittenWhereThereIsOne() {
        String head = "apiVersion: quern/v1\ngrid: {bits: 4}\nrounding: {method: gptq, polish: ";
        Recipe.Gptq gptq = (Recipe.Gptq) Recipes.read(head + "2}").rounding();
        assertThat(gptq.sweeps()).isEqualTo(2);
        assertThat(gptq.parameters()).containsEntry("polish", "2");
        assertThat(((Recipe.Gptq) Recipes.find("gptq-w4a16").rounding()).parameters())
                .doesNotContainKey("polish");
        assertThatThrownBy(() -> Recipes.read(head + "0}"))
                .hasMessage("rounding.polish: 0 (expected: 1 to 10, or none)");
    }

    @Test
    void textThatIsNoYamlIsRefusedWithItsLine() {
        assertThatThrownBy(() -> Recipes.read("apiVersion: quern/v1\ngrid: {bits: 4"))
                .hasMessage("recipe: line 2, column 15: end of value (expected: ',' or '}')");
    }
}
