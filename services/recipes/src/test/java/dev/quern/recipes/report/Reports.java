package dev.quern.recipes.report;

import dev.quern.recipes.Gate;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Made-up reports of any size. */
public final class Reports {
    private static final List<String> LINEARS = List.of(
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj");

    /** Errors of the hidden states, which grow along the model, most in its third block. */
    private static List<Double> errors(int blocks, double factor) {
        return IntStream.range(0, blocks)
                .mapToObj(block -> factor * (0.01 * Math.sqrt(block + 1) + (block < 2 ? 0 : 0.05)))
                .toList();
    }

    /** A little above the errors of calibration. */
    private static List<Report.LinearError> heldOut(int blocks) {
        return linears(blocks, 0.009).stream()
                .map(linear ->
                        new Report.LinearError(linear.name(), linear.figures().relativeError()))
                .toList();
    }

    private static List<Report.Evaluation> evaluations(int blocks) {
        return List.of(
                new Report.Evaluation(
                        "wt2_test.txt",
                        38.292,
                        38.701,
                        0.00988,
                        0.0861,
                        0.9342,
                        32_704,
                        512,
                        "d0".repeat(32),
                        errors(blocks, 1),
                        heldOut(blocks)),
                new Report.Evaluation(
                        "holdout.jsonl",
                        30.154,
                        30.402,
                        0.00847,
                        0.0712,
                        0.9411,
                        32_704,
                        512,
                        "d1".repeat(32),
                        errors(blocks, 0.8),
                        null));
    }

    private Reports() {}

    public static Report of(int blocks, double error, Report.Verdict verdict) {
        return of(blocks, error, verdict, evaluations(blocks));
    }

    public static Report of(int blocks, double error, Report.Verdict verdict, List<Report.Evaluation> evaluations) {
        Map<String, Double> stages = new LinkedHashMap<>();
        stages.put("INSPECT", 1.2);
        stages.put("PLAN", 0.4);
        stages.put("COMPRESS", 754.0);
        stages.put("ASSEMBLE", 9.1);
        stages.put("VERIFY", 4.2);
        stages.put("EVALUATE", 180.5);
        return new Report(
                new Report.Head(Report.SCHEMA, "01999a4e-77aa-7c1e-9d3e-5a1de3a0c1aa", null, null),
                new Report.Model("Qwen3-8B", "3c".repeat(32), "9f".repeat(32), "qwen3", blocks, 8_190_735_360L),
                new Recipe(
                        "gptq-w4a16",
                        Recipe.Propagation.INDEPENDENT,
                        new Recipe.Grid(4, 128, true, Recipe.ClipSearch.MSE),
                        new Recipe.Gptq(Recipe.Order.STATIC, 0.01),
                        true),
                new Report.Calibration(
                        "built-in",
                        128,
                        2048,
                        262_144,
                        "a1".repeat(32),
                        "Calibrate on text like your own for a better result."),
                new Report.Plan(4096, 1, "b7".repeat(32), "openblas", 3_221_225_472L, 1_073_741_824L, 5_712_031_744L),
                linears(blocks, error),
                evaluations,
                new Report.Sizes(16_381_470_720L, 5_712_031_744L, 6_946_816_000L, 4.156),
                new Report.Times(stages, Map.of()),
                new Report.Origin(
                        Map.of("quern", "0.1.0", "java", "25.0.3"),
                        List.of(new Report.Maker("cpu-17-a1", List.of(0, 1, 2)))),
                verdict,
                List.of("Hidden states of the evaluation are float32."));
    }

    /** The report of an evaluation. */
    public static Report evaluation(@Nullable Recipe recipe) {
        Report made = accepted();
        return new Report(
                new Report.Head(made.head().schema(), made.head().job(), null, "Qwen3-8B-small"),
                made.model(),
                recipe,
                recipe == null ? new Report.Calibration("none", 0, 0, 0, "", null) : made.calibration(),
                made.plan(),
                List.of(),
                made.evaluations(),
                made.sizes(),
                new Report.Times(Map.of("INSPECT", 1.2, "EVALUATE", 180.5), Map.of()),
                new Report.Origin(made.origin().versions(), List.of()),
                made.verdict(),
                List.of());
    }

    public static Report accepted() {
        return of(36, 0.008, new Report.Verdict(true, new Gate(0.05, null, 0.9), List.of()));
    }

    private static List<Report.Linear> linears(int blocks, double error) {
        SplittableRandom random = new SplittableRandom(7);
        List<Report.Linear> linears = new ArrayList<>();
        for (int block = 0; block < blocks; block++) {
            for (int i = 0; i < LINEARS.size(); i++) {
                double depth = Math.pow(3.5, (double) block / blocks)
                        * (0.6 + 0.2 * i)
                        * Math.exp(0.25 * random.nextGaussian());
                double relative = error * depth;
                int retries = random.nextInt(60) == 0 ? 1 : 0;
                linears.add(new Report.Linear(
                        block,
                        "model.layers." + block + "." + LINEARS.get(i),
                        4096,
                        4096,
                        4,
                        128,
                        new LinearFigures(relative, relative * 1.48, 0.01 * (1 + 9 * retries), retries, null, 0, 0.93),
                        2.4));
            }
        }
        return linears;
    }
}
