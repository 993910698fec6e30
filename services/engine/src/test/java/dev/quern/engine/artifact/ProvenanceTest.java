package dev.quern.engine.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.digest.Digests;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ProvenanceTest {
    private static final Recipe.Rounding GPTQ = new Gptq(Order.STATIC, 0.01);
    private static final Recipe.Rounding NEAREST = new Nearest();
    private static final Provenance INDEPENDENT = of("a", Propagation.INDEPENDENT, 4, GPTQ, "text", 8);
    private static final Provenance SEQUENTIAL = of("a", Propagation.SEQUENTIAL, 4, GPTQ, "text", 8);

    @Test
    void aKeyHoldsWhatDecidesAPayload() {
        ArtifactName name = INDEPENDENT.block(2);

        assertThat(of("b", Propagation.INDEPENDENT, 4, GPTQ, "text", 8).block(2))
                .as("the recipe's name")
                .isEqualTo(name);
        assertThat(of("a", Propagation.INDEPENDENT, 3, GPTQ, "text", 8).block(2))
                .isNotEqualTo(name);
        assertThat(of("a", Propagation.INDEPENDENT, 4, NEAREST, "text", 8).block(2))
                .isNotEqualTo(name);
        assertThat(of("a", Propagation.INDEPENDENT, 4, GPTQ, "other", 8).block(2))
                .isNotEqualTo(name);
        assertThat(of("a", Propagation.INDEPENDENT, 4, GPTQ, "text", 4).block(2))
                .isNotEqualTo(name);
        assertThat(INDEPENDENT.block(1).inputKey()).isNotEqualTo(name.inputKey());
    }

    /** An engine that rounds activations is another one to measure, and has the same weights. */
    @Test
    void figuresDependOnActivationsAndBlocksOnlyOnCalibratedOnes() {
        Provenance silent = SEQUENTIAL.with(SEQUENTIAL.recipe().withActivations(activations(4, false)));
        Provenance other = SEQUENTIAL.with(SEQUENTIAL.recipe().withActivations(activations(8, false)));
        Provenance calibrated = SEQUENTIAL.with(SEQUENTIAL.recipe().withActivations(activations(4, true)));

        assertThat(silent.blocks(3)).isEqualTo(SEQUENTIAL.blocks(3));
        assertThat(calibrated.blocks(3)).doesNotContainAnyElementsOf(SEQUENTIAL.blocks(3));
        assertThat(List.of(figures(SEQUENTIAL), figures(silent), figures(other), figures(calibrated)))
                .doesNotHaveDuplicates();
        assertThat(List.of(result(SEQUENTIAL), result(silent), result(other), result(calibrated)))
                .doesNotHaveDuplicates();
    }

    /** Without activations, keys are those that earlier builds made. */
    @Test
    void figuresOfOtherRecipesKeepTheirNames() {
        String blocks =
                SEQUENTIAL.blocks(3).stream().map(ArtifactName::inputKey).collect(Collectors.joining("\n"));

        assertThat(figures(SEQUENTIAL)).isEqualTo(Digests.sha256("quern-figures/v3\n" + blocks + "\ntext\n0 8"));
        assertThat(result(SEQUENTIAL)).isEqualTo(Provenance.figures("model", "result", null, "profile", "text", 0, 8));
    }

    private static String figures(Provenance provenance) {
        return provenance.figures(provenance.blocks(3), "text", 0, 8);
    }

    private static String result(Provenance provenance) {
        return Provenance.figures("model", "result", provenance.recipe(), "profile", "text", 0, 8);
    }

    private static Activations activations(int bits, boolean calibrated) {
        return new Activations(new Activations.TokenGrid(bits, true, 1), null, calibrated);
    }

    @Test
    void plainRoundingNeedsNoText() {
        assertThat(of("a", Propagation.INDEPENDENT, 4, NEAREST, "text", 8).block(2))
                .isEqualTo(
                        of("a", Propagation.SEQUENTIAL, 4, NEAREST, "other", 4).block(2));
    }

    @Test
    void aStreamOfTheOriginalModelDoesNotDependOnTheRecipe() {
        assertThat(INDEPENDENT.stream(3, 1))
                .isEqualTo(of("b", Propagation.INDEPENDENT, 2, GPTQ, "text", 8).stream(3, 1))
                .isNotEqualTo(SEQUENTIAL.stream(3, 1))
                .isNotEqualTo(INDEPENDENT.stream(3, 0));
        assertThat(INDEPENDENT.stream(0, 4)).isEqualTo(SEQUENTIAL.stream(0, 4));
    }

    /**
     * The first block has the same inputs either way, but not the same sums; each later one of a sequential walk has
     * those of the one before.
     */
    @Test
    void sequentialKeysFormAChain() {
        assertThat(SEQUENTIAL.stream(0, 3)).isEqualTo(INDEPENDENT.stream(0, 3));
        assertThat(SEQUENTIAL.block(0)).as("sums in another order").isNotEqualTo(INDEPENDENT.block(0));
        assertThat(SEQUENTIAL.block(1)).isNotEqualTo(INDEPENDENT.block(1));
        assertThat(of("a", Propagation.SEQUENTIAL, 3, GPTQ, "text", 8).stream(1, 0))
                .isNotEqualTo(SEQUENTIAL.stream(1, 0));
    }

    /**
     * What was made before a recipe could treat linears differently is found again; what keeps others is another thing.
     */
    @Test
    void onlyAnOverrideChangesTheName() {
        Recipe recipe = INDEPENDENT.recipe();
        assertThat(INDEPENDENT.with(recipe.withOverrides(List.of())).block(1)).isEqualTo(INDEPENDENT.block(1));
        assertThat(INDEPENDENT.with(ignoring(recipe, List.of("*.q_proj"))).block(1))
                .isNotEqualTo(INDEPENDENT.block(1));
        assertThat(INDEPENDENT.block(1).inputKey())
                .isEqualTo("09b4194e4aa4c0b8e32962f3b574f5e1fba326c0334e00e4f8e8ba12e81ecdf7");
    }

    private static Recipe ignoring(Recipe recipe, List<String> patterns) {
        return recipe.withOverrides(List.of(Recipe.ModuleOverride.keeping(patterns)));
    }

    @Test
    void aNameSurvivesItsText() {
        ArtifactName name = SEQUENTIAL.stream(17, 2);

        assertThat(name.kind()).isEqualTo(Kind.STREAM);
        assertThat(name.fileName()).startsWith("stream-00017-");
        assertThat(ArtifactName.parse(name.fileName())).isEqualTo(name);
    }

    @ParameterizedTest
    @EnumSource
    void aNameOfAnyKindSurvivesItsText(Kind kind) {
        ArtifactName name = new ArtifactName(kind, 3, "0".repeat(64));

        assertThat(name.fileName()).startsWith(kind.prefix()).startsWith(name.positionPrefix());
        assertThat(ArtifactName.parse(name.fileName())).isEqualTo(name);
    }

    private static Provenance of(
            String recipe, Propagation propagation, int bits, Recipe.Rounding rounding, String text, int tile) {
        Grid grid = new Grid(bits, 128, true, ClipSearch.MSE);
        return new Provenance("model", new Recipe(recipe, propagation, grid, rounding, true), text, tile, "profile");
    }
}
