package dev.quern.recipes.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Reports;
import dev.quern.recipes.report.Reproduction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ModelCardTest {
    private static final Report REPORT = Reports.accepted();
    private static final Recipe RECIPE = Recipes.find("gptq-w4a16");

    @Test
    void beginsWithWhatHubsRead() {
        String card = new ModelCard(REPORT, "Qwen/Qwen3-8B", List.of("license: apache-2.0"), "quern compress").render();

        assertThat(card).startsWith("""
                        ---
                        base_model: Qwen/Qwen3-8B
                        base_model_relation: quantized
                        license: apache-2.0
                        library_name: transformers
                        pipeline_tag: text-generation
                        tags:
                        - compressed-tensors
                        - quantized
                        - gptq
                        - 4-bit
                        """);
    }

    @Test
    void saysHowGoodTheResultIsAndHowItIsLoaded() {
        String card = new ModelCard(REPORT, null, List.of(), "quern compress ./Qwen3-8B").render();

        assertThat(card)
                .contains(
                        "| wt2_test.txt | 38.292 | 38.701 | 1.0107 | 0.009880 | 0.08610 | 93.42 % | 32,704 |",
                        "**close to the original**",
                        "vllm serve ./Qwen3-8B-gptq-w4a16",
                        "from_pretrained",
                        "groups of 128, symmetric",
                        "quern compress ./Qwen3-8B")
                .doesNotContain("base_model", "/data/", "/models/");
    }

    @Test
    void namesFromOutsideStayInTheirCells() {
        Report.Evaluation odd = new Report.Evaluation("a|b<c>.txt", 10, 11, 0.1, 1, 0.9, 100, 10);
        Report report = Reports.of(1, 0.1, new Report.Verdict(true, Gate.NONE, List.of()), List.of(odd));

        assertThat(new ModelCard(report, null, List.of(), "").render()).contains("| a\\|b&lt;c>.txt | 10.000 |");
    }

    @Test
    void theCommandHasWhatTheRequestAskedForAndNoFolders() {
        JobRequest request = request(
                JobRequest.Calibration.of(JobRequest.Source.onServer("/home/me/mine.jsonl"), 64, null),
                new Gate(0.05, null, null));

        assertThat(Reproduction.command(request, RECIPE, REPORT))
                .isEqualTo("quern compress ./Qwen3-8B --recipe gptq-w4a16 --samples 64 --evaluate wt2_test.txt"
                        + " --evaluate holdout.jsonl --max-kl 0.05 --out ./Qwen3-8B-gptq-w4a16");
    }

    @Test
    void theCommandNamesAFormatOfItsOwn() {
        Report sparse = REPORT.converted(Formats.QUERN_SPARSE, "9f".repeat(32), REPORT.sizes(), List.of());

        assertThat(Reproduction.command(request(null, null), RECIPE, sparse))
                .startsWith("quern compress ./Qwen3-8B --recipe gptq-w4a16 --format quern-sparse --evaluate");
    }

    @Test
    void anOwnRecipeUnderABuiltInNameIsAFile() {
        Recipe own = new Recipe(
                RECIPE.name(), Recipe.Propagation.INDEPENDENT, RECIPE.grid(), RECIPE.rounding(), RECIPE.reproducible());

        assertThat(Reproduction.command(request(null, null), own, REPORT)).contains("--recipe quern-recipe.json");
    }

    private static JobRequest request(JobRequest.Calibration calibration, Gate gate) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer("/models/Qwen3-8B"),
                null,
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                calibration,
                List.of(),
                List.of(),
                gate,
                new JobRequest.Naming(Map.of(), null),
                false,
                null,
                null);
    }
}
