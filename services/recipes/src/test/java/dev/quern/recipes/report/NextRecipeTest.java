package dev.quern.recipes.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Gate;
import dev.quern.recipes.Pruning;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.ModuleOverride;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.Transform;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Linear;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NextRecipeTest {
    private static final List<Linear> LINEARS = ErrorStartTest.linears(4, 2);
    private static final Optional<ErrorStart> EVERYWHERE =
            ErrorStart.of(List.of(ErrorStartTest.text("a.txt", 0.3, 0.1, 0.2, 0.3, 0.4)), LINEARS);
    private static final Optional<ErrorStart> IN_ONE_BLOCK =
            ErrorStart.of(List.of(ErrorStartTest.text("a.txt", 0.3, 0.02, 0.04, 0.85, 0.9)), LINEARS);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gptq-w2a16 | propagation: independent | gptq-best-w2a16",
                "gptq-w3a16 | grid: {clipSearch: mse} | gptq-best-w3a16",
                "gptq-best-w4a16 | propagation: independent | gptq-best-w4a16",
                "rtn-w4a16 | propagation: independent | gptq-best-w4a16"
            })
    void theBestMethodForTheSameBitsComesFirst(String base, String change, String next) {
        Recipe recipe = Recipes.read("apiVersion: quern/v1\nextends: " + base + "\n" + change);
        assertThat(next(recipe, 3, IN_ONE_BLOCK).sentence())
                .isEqualTo(
                        "Try the recipe " + next
                                + " next, in which each block makes up for the errors of those before it, at the same number of bits");
    }

    /** A job's recipe says the groups that {@code auto} came to. */
    @Test
    void groupsThatFollowFromTheColumnsStayAutomatic() {
        Recipe used = Recipes.read("apiVersion: quern/v1\nextends: gptq-w3a16\npropagation: independent");

        assertThat(next(used.withGrid(used.grid().withGroupSize(128)), 3, EVERYWHERE)
                        .sentence())
                .startsWith("Try the recipe gptq-best-w3a16 next, ");
    }

    @Test
    void oneBadBlockKeepsTheWeightsOfItsWorstLinears() {
        NextRecipe next = next(Recipes.find("gptq-best-w3a16"), 3, IN_ONE_BLOCK);

        assertThat(next.sentence())
                .startsWith("Try this recipe next, which leaves the linears in which the error starts as they are: {");
        for (String kept : List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.down_proj")) {
            assertThat(next.recipe().of("model.layers.2." + kept)).as(kept).isEmpty();
        }
        assertThat(next.recipe().of("model.layers.1.mlp.down_proj")).isPresent();
    }

    @Test
    void anErrorThatGrowsEverywhereAsksForSmallerGroupsWhereItIsNear() {
        assertThat(next(Recipes.find("gptq-best-w3a16"), 3, EVERYWHERE).sentence())
                .isEqualTo("Try this recipe next, with groups of 32 columns:"
                        + " {\"apiVersion\":\"quern/v1\",\"extends\":\"gptq-best-w3a16\",\"grid\":{\"groupSize\":32}}");
    }

    @ParameterizedTest
    @CsvSource({
        "gptq-best-w2a16, Try the recipe gptq-best-w3a16",
        "gptq-best-w3a16, Try the recipe gptq-best-w4a16",
        "gptq-best-w4a16, Try this recipe next&#44 with 8 bits",
        "yaqa-w3a16, Try the recipe yaqa-w4a16"
    })
    void aResultThatIsFarOffNeedsMoreBits(String used, String sentence) {
        assertThat(next(Recipes.find(used), 300, EVERYWHERE).sentence()).startsWith(sentence.replace("&#44", ","));
    }

    @Test
    void withEightBitsAtTheirBestNothingIsLeft() {
        Recipe best = Recipes.find("gptq-best-w4a16");
        Grid grid = best.grid();
        Recipe eight = best.withGrid(new Grid(8, 32, grid.symmetric(), grid.clipSearch()));

        assertThat(NextRecipe.after(eight, evaluations(300), LINEARS, EVERYWHERE))
                .isEmpty();
    }

    /** Where the linears are not known, as in the report of an evaluation. */
    @Test
    void withoutLinearsTheRecipeAloneDecides() {
        assertThat(NextRecipe.after(Recipes.find("gptq-best-w3a16"), evaluations(3), List.of(), Optional.empty()))
                .map(NextRecipe::change)
                .hasValue("with 4 bits");
    }

    /** Whatever the recipe was: the text is one that a user can pass on as it is. */
    @Test
    void theTextIsReadAsTheRecipe() {
        long seed = System.nanoTime();
        SplittableRandom random = new SplittableRandom(seed);
        for (int run = 0; run < 200; run++) {
            Recipe used = some(random);
            double ratio = random.nextBoolean() ? 3 : 300;
            Optional<ErrorStart> start = random.nextBoolean() ? EVERYWHERE : IN_ONE_BLOCK;

            NextRecipe.after(used, evaluations(ratio), LINEARS, start)
                    .ifPresent(next -> assertThat(Recipes.read(next.text())
                                    .withName(next.recipe().name()))
                            .as("seed %d: after %s", seed, used)
                            .isEqualTo(next.recipe())
                            .isNotEqualTo(used));
        }
    }

    /** A result that a person approved was refused all the same. */
    @Test
    void aReportLeadsToOneWhereItsResultIsRefusedOrNotClose() {
        Report.Verdict accepted = new Report.Verdict(true, Gate.NONE, List.of());
        Report.Verdict refused = new Report.Verdict(false, Gate.NONE, List.of("a.txt: KL"));
        List<Evaluation> close = List.of(new Evaluation("a.txt", 10, 10.1, 0.01, 0.1, 0.9, 100, 10));
        List<Evaluation> overflow = List.of(new Evaluation("a.txt", Double.NaN, 10.1, 0.01, 0.1, 0.9, 100, 10));

        assertThat(NextRecipe.after(Reports.of(4, 0.01, accepted, close))).isEmpty();
        assertThat(NextRecipe.after(Reports.of(4, 0.01, refused, overflow))).isEmpty();
        assertThat(NextRecipe.after(Reports.evaluation(null))).isEmpty();
        for (Report report : List.of(
                Reports.of(4, 0.01, refused, close),
                Reports.of(4, 0.01, refused, close).approved(new Report.Approval(Instant.EPOCH, "me", null)),
                Reports.of(4, 0.01, accepted, evaluations(1.5)))) {
            assertThat(NextRecipe.after(report))
                    .get()
                    .extracting(next -> next.named().name())
                    .isEqualTo("gptq-best-w4a16");
        }
    }

    private static Recipe some(SplittableRandom random) {
        Recipe base = Recipes.all().get(random.nextInt(Recipes.all().size()));
        Grid grid = base.grid();
        int group = List.of(Grid.AUTO, 0, 32, 64, 128).get(random.nextInt(5));
        Recipe used = base.withGrid(new Grid(2 + random.nextInt(7), group, random.nextBoolean(), grid.clipSearch()));
        if (random.nextBoolean()) {
            used = used.withOverrides(List.of(ModuleOverride.keeping(List.of("*.o_proj"))));
        }
        if (random.nextBoolean()) {
            used = used.withTransform(new Transform.Rotate(random.nextInt(3)));
        }
        boolean masked = base.name().startsWith("gptq") && random.nextBoolean();
        return masked ? used.withMask(new Pruning(Pruning.Score.WANDA, 0.5, null, 0.01)) : used;
    }

    private static NextRecipe next(Recipe used, double ratio, Optional<ErrorStart> start) {
        return NextRecipe.after(used, evaluations(ratio), LINEARS, start).orElseThrow();
    }

    private static List<Evaluation> evaluations(double ratio) {
        return List.of(new Evaluation("a.txt", 10, 10 * ratio, 1, 2, 0.5, 100, 10));
    }
}
