package dev.quern.recipes.drawing;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.LinearView.Board;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The sections that the report and the job page have in common. */
public final class ReportDrawing {
    private ReportDrawing() {}

    /** The board of a finished job; its columns are the linears of a block in the order of the report. */
    public static Board board(Report report) {
        List<LinearView> cells =
                report.linears().stream().map(ReportDrawing::cell).toList();
        List<String> names = cells.stream().map(LinearView::linear).distinct().toList();
        return new Board(report.model().blocks(), names, cells);
    }

    private static LinearView cell(Report.Linear linear) {
        return new LinearView(
                linear.block(),
                withinBlock(linear),
                CellState.DONE,
                linear.rows(),
                linear.cols(),
                linear.figures(),
                linear.seconds());
    }

    /** The name of a linear as the board has it. */
    static String withinBlock(Report.Linear linear) {
        String mark = "." + linear.block() + ".";
        int at = linear.name().indexOf(mark);
        return at < 0 ? linear.name() : linear.name().substring(at + mark.length());
    }

    /** What the report is about, in a line. */
    static Html subject(Report report) {
        Report.Model model = report.model();
        return report.head().evaluated() == null
                ? Html.of(
                        "{} blocks of {}, compressed with <strong>{}</strong>",
                        model.blocks(),
                        model.type(),
                        report.recipeName())
                : Html.of(
                        "evaluation of <strong>{}</strong> against {}",
                        report.head().evaluated(),
                        model.source());
    }

    /** What is known of a result that was evaluated, and of its evaluation. */
    public static Html evaluationFacts(Report report) {
        Recipe recipe = report.recipe();
        return Html.join(
                ReportPage.section("Sizes", facts(sizeFacts(report))),
                Html.when(recipe != null, () -> ReportPage.section("Recipe", facts(recipeFacts(report.knownRecipe())))),
                Html.when(
                        report.calibration().windows() > 0,
                        () -> ReportPage.section("Calibrated on", calibration(report))),
                ReportPage.section("Time", time(report)),
                ReportPage.section("Provenance", facts(originFacts(report))));
    }

    /** The three numbers that a reader wants first. */
    public static Html headline(Report report) {
        List<Evaluation> evaluations = report.evaluations();
        Double kl = worst(evaluations, Evaluation::klMean);
        Double ratio = worst(evaluations, Evaluation::pplRatio);
        Report.Sizes sizes = report.sizes();
        return Html.join(
                number(Figures.number(kl), Terms.KL.html(), "nats per token, worst text; 0 is the same model"),
                number(Figures.change(ratio), Terms.PERPLEXITY.html(), "against the original, worst text"),
                number(
                        Figures.fixed((double) sizes.sourceBytes() / sizes.outputBytes(), 2) + "×",
                        Terms.SMALLER.html(),
                        Figures.bytes(sizes.sourceBytes()) + " to " + Figures.bytes(sizes.outputBytes())));
    }

    /** NaN where it is not finite on a text; null without texts. */
    private static @Nullable Double worst(List<Evaluation> evaluations, Function<Evaluation, Double> figure) {
        return evaluations.stream().map(figure).max(Double::compare).orElse(null);
    }

    /** One big number with its name and what it means. */
    public static Html number(String value, Html name, String note) {
        return Html.of(
                "<div class=\"number\"><span class=\"value\">{}</span><span class=\"name\">{}</span><span class=\"note\">{}</span></div>\n",
                value,
                name,
                note);
    }

    /** How near the result is to the original, in a word with its colour; nothing where nothing was evaluated. */
    public static Html closeness(@Nullable Closeness closeness) {
        return closeness == null
                ? Html.EMPTY
                : Html.of(
                        "<span class=\"badge {}\" title=\"The result is {}; docs/quality.md says what that means.\">{}</span>",
                        closeness.word(),
                        closeness.phrase(),
                        closeness.word());
    }

    /** The conditions that a result failed, and who accepted it all the same; nothing where the gate accepted it. */
    public static Html failures(Report report) {
        Report.Verdict verdict = report.verdict();
        return Html.when(
                !verdict.failures().isEmpty(),
                () -> Html.of(
                        "<div class=\"notice warn\"><strong>{}</strong><ul>{}</ul></div>\n",
                        verdict.approval() == null
                                ? "The result did not pass its gate."
                                : approved(verdict.approval()) + " The result had not passed its gate:",
                        items(verdict.failures())));
    }

    private static String approved(Report.Approval approval) {
        return "Approved by " + approval.by() + " at " + approval.at().truncatedTo(ChronoUnit.SECONDS)
                + (approval.reason() == null ? "." : ": " + approval.reason() + ".");
    }

    public static Html notes(List<String> notes) {
        return Html.when(!notes.isEmpty(), () -> Html.of("<ul class=\"notes\">{}</ul>\n", items(notes)));
    }

    private static Html items(List<String> texts) {
        return Html.each(texts, text -> Html.of("<li>{}</li>", text));
    }

    public static Map<String, Object> sizeFacts(Report report) {
        Report.Sizes sizes = report.sizes();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("original", Figures.bytes(sizes.sourceBytes()));
        facts.put("compressed", Figures.bytes(sizes.outputBytes()));
        facts.put("share", Figures.percent((double) sizes.outputBytes() / sizes.sourceBytes()));
        facts.put("weights compressed", Figures.count(sizes.weightsCompressed()));
        facts.put("bits per weight", Figures.fixed(sizes.bitsPerWeight(), 3));
        return facts;
    }

    public static Html calibration(Report report) {
        Report.Calibration calibration = report.calibration();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("text", calibration.source());
        facts.put("windows", calibration.windows() + " of " + calibration.seqLen() + " tokens");
        facts.put("tokens", Figures.count(calibration.tokens()));
        facts.put("digest", digest(calibration.digest()));
        return Html.join(
                facts(facts),
                Html.when(
                        calibration.recommendation() != null,
                        () -> Html.of("<p class=\"notice\">{}</p>\n", calibration.recommendation())));
    }

    public static Map<String, Object> recipeFacts(Recipe recipe) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("recipe", recipe.name());
        facts.put("method", recipe.rounding().title());
        facts.putAll(recipe.rounding().parameters());
        facts.put("bits", recipe.grid().bits());
        facts.put("group", group(recipe.grid().groupSize()));
        facts.put("grid", recipe.grid().symmetric() ? "symmetric" : "asymmetric");
        facts.put("clip search", lower(recipe.grid().clipSearch()));
        facts.put("propagation", lower(recipe.propagation()));
        facts.put("reproducible", recipe.reproducible() ? "yes" : "no");
        if (recipe.transform() != null) {
            facts.put("transform", recipe.transform().title());
        }
        if (recipe.mask() != null) {
            facts.put("mask", recipe.mask().title());
        }
        if (recipe.activations() != null) {
            facts.put("activations", recipe.activations().title());
        }
        List<String> overrides = OverrideWords.of(recipe);
        if (!overrides.isEmpty()) {
            facts.put("overrides", String.join("; ", overrides));
        }
        return facts;
    }

    private static String group(int size) {
        return switch (size) {
            case Recipe.Grid.AUTO -> "by linear";
            case 0 -> "one scale per row";
            default -> Integer.toString(size);
        };
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    public static Html time(Report report) {
        Map<String, Object> facts = new LinkedHashMap<>();
        report.times()
                .secondsPerStage()
                .forEach((stage, seconds) -> facts.put(stage.toLowerCase(Locale.ROOT), Figures.duration(seconds)));
        double total = report.times().secondsPerStage().values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        facts.put("all", Figures.duration(total));
        double waited = report.times().secondsWaiting().values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        if (waited >= 1) {
            facts.put("waiting beside that", Figures.duration(waited));
        }
        return facts(facts);
    }

    public static Map<String, Object> originFacts(Report report) {
        Map<String, Object> facts = new LinkedHashMap<>();
        if (report.head().evaluated() != null) {
            facts.put("result", report.head().evaluated());
        }
        facts.put("model", report.model().source());
        facts.put(
                "family",
                report.model().type() + ", " + report.model().blocks() + " blocks, "
                        + Figures.count(report.model().parameters()) + " parameters");
        facts.put("model digest", digest(report.model().digest()));
        facts.put(
                report.head().evaluated() == null ? "output digest" : "result digest",
                digest(report.model().outputDigest()));
        facts.put("job", report.head().job());
        facts.put(
                "plan",
                "tiles of " + Figures.count(report.plan().tile()) + " tokens"
                        + (report.head().evaluated() == null
                                ? ", segments: " + report.plan().segments()
                                : ""));
        facts.put("memory planned", Figures.bytes(report.plan().peakBytes()));
        facts.put("backend", report.plan().backend());
        facts.put("numeric profile", digest(report.plan().profile()));
        report.origin().versions().forEach(facts::put);
        return facts;
    }

    private static Html digest(String digest) {
        return Html.of("<code title=\"{}\">{}</code>", digest, Figures.shortDigest(digest));
    }

    /** Names and values, in order. Values are text, or HTML that was made here. */
    public static Html facts(Map<String, ?> facts) {
        return Html.of(
                "<dl class=\"facts\">{}</dl>\n",
                Html.each(
                        new ArrayList<>(facts.entrySet()),
                        fact -> Html.of("<div><dt>{}</dt><dd>{}</dd></div>", fact.getKey(), fact.getValue())));
    }
}
