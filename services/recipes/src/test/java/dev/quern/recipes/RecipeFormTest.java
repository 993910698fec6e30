package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.drawing.OverrideWords;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeFormTest {
    private static final String HEAD = "apiVersion: quern/v1\n";

    @Test
    void fourLinesAreARecipe() {
        assertThat(Recipes.read(HEAD + "name: mine\ngrid:\n  bits: 5\n"))
                .isEqualTo(new Recipe(
                        "mine",
                        Propagation.SEQUENTIAL,
                        new Grid(5, Grid.AUTO, true, ClipSearch.INPUTS),
                        new Gptq(Order.STATIC, 0.01),
                        true));
    }

    @Test
    void onlyWhatDiffersIsWritten() {
        Recipe derived =
                Recipes.read(HEAD + "extends: gptq-w4a16\ngrid:\n  groupSize: 64\nrounding:\n  damping: 0.05\n");

        assertThat(derived.grid()).isEqualTo(new Grid(4, 64, true, ClipSearch.INPUTS));
        assertThat(derived.rounding()).isEqualTo(new Gptq(Order.STATIC, 0.05));
    }

    @Test
    void anotherMethodTakesNothingFromTheBase() {
        assertThat(Recipes.read(HEAD + "extends: gptq-w4a16\nrounding: {method: nearest}\n"))
                .isEqualTo(Recipes.find("rtn-w4a16"));
    }

    @ParameterizedTest
    @CsvSource({
        "nearest, INDEPENDENT, NONE",
        "gptq, SEQUENTIAL, INPUTS",
        "yaqa, INDEPENDENT, INPUTS",
        "'yaqa, inputFactor: activations', SEQUENTIAL, INPUTS",
        "obr, SEQUENTIAL, INPUTS"
    })
    void whatIsNotSaidIsUsualWithTheMethod(String method, Propagation propagation, ClipSearch clipSearch) {
        String mask = method.equals("obr") ? "mask: {sparsity: 0.5}\n" : "";
        Recipe recipe = Recipes.read(HEAD + mask + "grid: {bits: 3}\nrounding: {method: " + method + "}\n");

        assertThat(recipe.propagation()).isEqualTo(propagation);
        assertThat(recipe.grid().clipSearch()).isEqualTo(clipSearch);
    }

    @Test
    void whatIsSaidHolds() {
        Recipe recipe = Recipes.read(
                HEAD + "propagation: independent\ngrid: {bits: 3, clipSearch: mse}\nrounding: {method: gptq}\n");

        assertThat(recipe.propagation()).isEqualTo(Propagation.INDEPENDENT);
        assertThat(recipe.grid().clipSearch()).isEqualTo(ClipSearch.MSE);
    }

    @Test
    void onlyBuiltInRecipesCanBeExtended() {
        assertThatThrownBy(() -> Recipes.read(HEAD + "extends: mine\n"))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.violations())
                                .extracting(QuernException.Violation::pointer)
                                .contains("/extends"))
                .hasMessageStartingWith("extends: mine (expected one of: gptq-w4a16, ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gptq-w4a16",
                "gptq-w4a16-asym",
                "gptq-w8a16",
                "gptq-w3a16",
                "gptq-w2a16",
                "gptq-best-w4a16",
                "yaqa-w3a16",
                "yaqa-lite-w4a16",
                "obr-w4s50",
                "obr-w4-2of4",
                "obr-w4a4kv4-s50",
                "rtn-w4a16"
            })
    void builtInRecipesAreCalledByTheirValues(String name) {
        assertThat(RecipeNames.of(Recipes.find(name))).isEqualTo(name);
        assertThat(Recipes.read(HEAD + "extends: " + name)).isEqualTo(Recipes.find(name));
    }

    /** The built-in recipe of 2 bits has another clip search than is usual with its method. */
    @Test
    void noOtherRecipeHasTheNameOfABuiltInOne() {
        Recipe recipe = Recipes.read(HEAD + "grid: {bits: 2}\nrounding: {method: yaqa}\n");

        assertThat(recipe.grid().clipSearch())
                .isNotEqualTo(Recipes.find("yaqa-w2a16").grid().clipSearch());
        assertThat(RecipeNames.of(recipe)).matches("yaqa-w2a16-[0-9a-f]+");
    }

    @ParameterizedTest
    @CsvSource({
        "64, true, gptq-w4a16-g64",
        "128, true, gptq-w4a16-g128",
        "0, true, gptq-w4a16-row",
        "-1, false, gptq-w4a16-asym",
        "32, false, gptq-w4a16-asym-g32"
    })
    void namesSayWhatARecipeDoes(int group, boolean symmetric, String name) {
        Recipe recipe = Recipes.find("gptq-w4a16").withGrid(new Grid(4, group, symmetric, ClipSearch.INPUTS));
        assertThat(RecipeNames.of(recipe)).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "gptq-w4a16, independent, gptq-w4a16-independent",
        "gptq-best-w3a16, independent, gptq-best-w3a16-independent",
        "obr-w4s50, independent, obr-w4s50-independent",
        "yaqa-w4a16, sequential, yaqa-w4a16-sequential",
        "gptq-w4a16, sequential, gptq-w4a16"
    })
    void namesSayAPropagationThatIsNotTheUsualOne(String base, String propagation, String name) {
        assertThat(Recipes.read(HEAD + "extends: " + base + "\npropagation: " + propagation)
                        .name())
                .isEqualTo(name);
    }

    @Test
    void whatANameCannotSayMakesAnother() {
        Recipe one = Recipes.read(HEAD + "extends: gptq-w4a16\nignore: [\"*.down_proj\"]\n");
        Recipe other = Recipes.read(HEAD + "extends: gptq-w4a16\nignore: [\"*.up_proj\"]\n");

        assertThat(one.name()).matches("gptq-w4a16-[0-9a-f]{6}").isNotEqualTo(other.name());
    }

    @Test
    void aBuiltInNameIsForItsValues() {
        String copied = Recipes.text("gptq-w4a16");
        assertThatCode(() -> RecipeNames.requireOwn(Recipes.read(copied))).doesNotThrowAnyException();
        assertThatCode(() -> RecipeNames.requireOwn(Recipes.read(copied.replace("groupSize: auto", "groupSize: 128"))))
                .doesNotThrowAnyException();
        assertThatThrownBy(
                        () -> RecipeNames.requireOwn(Recipes.read(copied.replace("groupSize: auto", "groupSize: 64"))))
                .hasMessage("name: gptq-w4a16 (expected: another name, or none; the built-in recipe of this name has"
                        + " another grid.groupSize)");
        assertThatThrownBy(() -> RecipeNames.requireOwn(Recipes.read(copied + "ignore: [\"*.v_proj\"]\n")))
                .hasMessageContaining("another overrides");
    }

    @ParameterizedTest
    @CsvSource({"4096, 128", "576, 64", "96, 32", "1536, 128"})
    void autoTakesTheLargestGroupThatFits(int cols, int group) {
        assertThat(new Grid(4, Grid.AUTO, true, ClipSearch.MSE).groupSizeFor(cols))
                .isEqualTo(group);
    }

    @Test
    void columnsThatNoGroupDividesAreRefused() {
        assertThatThrownBy(() -> new Grid(4, Grid.AUTO, true, ClipSearch.MSE).groupSizeFor(80))
                .hasMessage("grid.groupSize: auto (expected: a divisor of 80 columns)");
    }

    @ParameterizedTest
    @CsvSource({
        "*.down_proj, model.layers.3.mlp.down_proj, true",
        "*.down_proj, model.layers.3.mlp.down_proj2, false",
        "model.layers.0.*, model.layers.0.self_attn.q_proj, true",
        "model.layers.0.*, model.layers.10.self_attn.q_proj, false",
        "model.layers.?.mlp.*, model.layers.7.mlp.up_proj, true",
        "model.layers.?.mlp.*, model.layers.17.mlp.up_proj, false"
    })
    void patternsStandForModules(String pattern, String module, boolean matches) {
        Recipe recipe = new Recipe(
                        "x", Propagation.INDEPENDENT, new Grid(4, 128, true, ClipSearch.MSE), new Nearest(), true)
                .withOverrides(List.of(Recipe.ModuleOverride.keeping(List.of(pattern))));
        assertThat(recipe.of(module).isEmpty()).isEqualTo(matches);
    }

    /** What is not used leaves no trace in the canonical form, on which the names of artifacts rest. */
    @Test
    void theCanonicalFormOfAnEarlierRecipeIsTheSame() {
        Recipe resolved = new Recipe(
                "gptq-w4a16",
                Propagation.INDEPENDENT,
                new Grid(4, 128, true, ClipSearch.MSE),
                new Gptq(Order.STATIC, 0.01),
                true);
        assertThat(Json.canonical(RecordCodec.write(resolved)))
                .isEqualTo("{\"apiVersion\":\"quern/v1\",\"grid\":{\"bits\":4,\"clipSearch\":\"mse\",\"groupSize\":128,"
                        + "\"symmetric\":true},\"name\":\"gptq-w4a16\",\"propagation\":\"independent\",\"reproducible\":true,"
                        + "\"rounding\":{\"damping\":0.01,\"method\":\"gptq\",\"order\":\"static\"}}");
        assertThat(resolved.withOverrides(List.of())).isEqualTo(resolved);
    }

    @Test
    void anOverrideNeedsOnlyWhatDiffers() {
        Recipe recipe = Recipes.read(HEAD + """
                extends: gptq-w4a16
                ignore: ["model.layers.0.*"]
                overrides:
                  - modules: ["*.down_proj"]
                    grid: {bits: 8}
                  - modules: ["*.o_proj", "*.layers.1.*"]
                    rounding: {method: nearest}
                  - modules: ["*.v_proj"]
                    rounding: {damping: 0.1}
                """);

        Grid common = Recipes.find("gptq-w4a16").grid();
        assertThat(recipe.of("model.layers.0.mlp.down_proj"))
                .as("kept before all else")
                .isEmpty();
        assertThat(recipe.of("model.layers.1.mlp.down_proj"))
                .as("the first entry that names it")
                .contains(new Recipe.Treatment(
                        new Grid(8, Grid.AUTO, true, ClipSearch.INPUTS), new Gptq(Order.STATIC, 0.01)));
        assertThat(recipe.of("model.layers.2.self_attn.o_proj"))
                .contains(new Recipe.Treatment(new Grid(4, Grid.AUTO, true, ClipSearch.NONE), new Nearest()));
        assertThat(recipe.of("model.layers.2.self_attn.v_proj"))
                .contains(new Recipe.Treatment(common, new Gptq(Order.STATIC, 0.1)));
        assertThat(recipe.of("model.layers.2.mlp.up_proj")).contains(new Recipe.Treatment(common, recipe.rounding()));
        assertThat(OverrideWords.of(recipe))
                .containsExactly(
                        "model.layers.0.*: not compressed",
                        "*.down_proj: 8 bits",
                        "*.o_proj, *.layers.1.*: clip search none, rtn",
                        "*.v_proj: gptq (order static, damping 0.1)");
        assertThat(Recipes.read(Json.write(RecordCodec.write(recipe)))).isEqualTo(recipe);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{modules: []} | overrides.modules: none (expected: patterns, for example *.down_proj)",
                "{modules: ['*.a']} | overrides.keep: null (expected: true, or a grid or a rounding)",
                "{modules: ['*.a'], keep: true, grid: {bits: 8}} | overrides.keep: true (expected: true, or a grid or a rounding)",
                "{modules: ['*.a'], grid: {bits: 9}} | grid.bits: 9 (expected: 2 to 8)",
                "{grid: {bits: 8}} | overrides.modules: none (expected: patterns, for example *.down_proj)"
            })
    void anOverrideThatSaysNothingIsRefused(String override, String message) {
        String text = HEAD + "extends: gptq-w4a16\noverrides:\n  - " + override + "\n";
        assertThatThrownBy(() -> Recipes.read(text)).hasMessageContaining(message);
    }

    @Test
    void whatDecidesHasNeitherNameNorPropagation() {
        Recipe recipe = Recipes.find("gptq-w4a16");
        assertThat(recipe.withName("other").decisive()).isEqualTo(recipe.decisive());
        assertThat(recipe.decisive().members()).containsOnlyKeys("grid", "rounding");
        assertThat(recipe.withOverrides(List.of(Recipe.ModuleOverride.keeping(List.of("*.o_proj"))))
                        .decisive())
                .isNotEqualTo(recipe.decisive());
    }
}
