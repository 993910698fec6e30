package dev.quern.api.pages;

import dev.quern.api.pages.JobPage.View;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.drawing.HeldOut;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.LoadingDrawing;
import dev.quern.recipes.drawing.QualityDrawing;
import dev.quern.recipes.drawing.ReportDrawing;
import dev.quern.recipes.drawing.ReportPage;
import dev.quern.recipes.drawing.StreamDrawing;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.web.util.UriUtils;

/**
 * What a job made, or will: the sections of its page around the board. Those of an output name its recipe where there
 * are several.
 */
final class JobResults {
    private static final String BUILT_IN = "built-in, public-domain English";

    private JobResults() {}

    /**
     * The numbers that a reader wants first.
     *
     * @param took is said once
     */
    static Html headlines(View view, Html took) {
        return view.results().size() == 1
                ? Html.each(
                        reports(view),
                        report -> Html.of("<div class=\"numbers\">{}{}</div>", ReportDrawing.headline(report), took))
                : Html.of("{}<div class=\"numbers\">{}</div>", ResultsTable.of(view), took);
    }

    /** Quality once it is measured, before that what will be. */
    static Html verdict(View view) {
        if (!view.measured() && view.job().state().terminal()) {
            return new Html("<div id=\"verdict\"></div>\n");
        }
        Html content = view.measured()
                ? quality(reports(view))
                : ReportPage.section(
                        "Quality",
                        Html.of(
                                "<p class=\"aside\">Measured {}: KL divergence to the original, perplexity and top-1"
                                        + " agreement. Gate: {}.</p>",
                                view.job().work().result() == null ? "after the last block" : "when all texts are read",
                                QualityDrawing.gate(gate(view.request()))));
        return Html.of("<div id=\"verdict\">{}</div>\n", content);
    }

    /** The notice above says what the gate refused. One gate holds for all results. */
    private static Html quality(List<Report> reports) {
        Report first = reports.getFirst();
        return ReportPage.section(
                "Quality",
                Html.join(
                        reports.size() == 1
                                ? QualityDrawing.evaluations(first.evaluations())
                                : QualityDrawing.comparison(reports),
                        StreamDrawing.of(reports),
                        Html.of(
                                "<p class=\"aside\">Gate: {}.</p>",
                                QualityDrawing.gate(first.verdict().gate())),
                        ReportDrawing.notes(notes(reports))));
    }

    /** Each note once; one that does not hold for all results names its recipe. */
    private static List<String> notes(List<Report> reports) {
        return reports.stream()
                .flatMap(report -> report.notes().stream()
                        .map(note ->
                                reports.stream().allMatch(one -> one.notes().contains(note))
                                        ? note
                                        : report.recipeName() + ": " + note))
                .distinct()
                .toList();
    }

    private static List<Report> reports(View view) {
        return view.results().stream()
                .map(JobResult::report)
                .filter(Objects::nonNull)
                .toList();
    }

    /** The errors of the first of several recipes, which is the one that the board shows. */
    static HeldOut heldOut(View view) {
        Report report =
                view.results().isEmpty() ? null : view.results().getFirst().report();
        return report == null ? HeldOut.NONE : HeldOut.of(report);
    }

    private static Gate gate(JobRequest request) {
        return Objects.requireNonNullElse(request.gate(), Gate.NONE);
    }

    static Html results(View view) {
        List<Report> reports = reports(view);
        if (view.job().work().result() != null) {
            return evaluation(view, reports);
        }
        if (reports.isEmpty()) {
            boolean calibrates = view.results().getFirst().knownRecipe().needsCalibration();
            return Html.of(
                    "<div class=\"across\" id=\"results\">{}{}{}{}</div>\n",
                    recipes(view),
                    Html.when(calibrates, () -> calibration(view)),
                    evaluation(view),
                    wishes(view.job()));
        }
        Report first = reports.getFirst();
        Html sections = Html.join(
                download(view),
                ReportPage.section(
                        "Largest errors" + of(view, 0),
                        QualityDrawing.worst(view.board().linears(), heldOut(view))),
                ReportPage.section("Sizes", beside(reports, ReportDrawing::sizeFacts)),
                ReportPage.section("Calibrated on", ReportDrawing.calibration(first)),
                recipes(view),
                ReportPage.section("Time", ReportDrawing.time(first)),
                wishes(view.job()),
                ReportPage.section("Provenance", beside(reports, ReportDrawing::originFacts)));
        return Html.of("<div class=\"columns\" id=\"results\">{}</div>\n", sections);
    }

    /** The sections of an evaluation: what will be read, then what is known of the result. */
    private static Html evaluation(View view, List<Report> reports) {
        return reports.isEmpty()
                ? Html.of("<div class=\"across\" id=\"results\">{}{}</div>\n", evaluation(view), wishes(view.job()))
                : Html.of(
                        "<div class=\"columns\" id=\"results\">{}{}{}</div>\n",
                        reportFiles(view),
                        ReportDrawing.evaluationFacts(reports.getFirst()),
                        wishes(view.job()));
    }

    private static Html reportFiles(View view) {
        return ReportPage.section(
                "Report", Html.of("""
                <p class="aside"><a href="/api/v1/jobs/{}/report">The report as one page</a></p>
                <pre>quern jobs download {} --out {}</pre>
                """, view.job().id(), view.job().id(), folder(view.job())));
    }

    private static Html beside(List<Report> reports, Function<Report, Map<String, Object>> facts) {
        Map<String, Map<String, Object>> columns = new LinkedHashMap<>();
        reports.forEach(report -> columns.put(report.recipeName(), facts.apply(report)));
        return FactsTable.of(columns);
    }

    private static String of(View view, int output) {
        return view.results().size() == 1
                ? ""
                : ": " + view.results().get(output).knownRecipe().name();
    }

    private static Html recipes(View view) {
        Map<String, Map<String, Object>> columns = new LinkedHashMap<>();
        view.results()
                .forEach(result ->
                        columns.put(result.knownRecipe().name(), ReportDrawing.recipeFacts(result.knownRecipe())));
        return ReportPage.section(columns.size() == 1 ? "Recipe" : "Recipes", FactsTable.of(columns));
    }

    /** What was asked for; the report will say what was taken. */
    private static Html calibration(View view) {
        JobRequest.Calibration asked =
                Objects.requireNonNullElse(view.request().calibration(), JobRequest.Calibration.of(null, null, null));
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put(
                "text",
                asked.text() == null ? BUILT_IN : texts(view, "calibration").getFirst());
        facts.put("windows", Objects.requireNonNullElse(asked.samples(), "128"));
        facts.put("tokens of a window", Objects.requireNonNullElse(asked.seqLen(), "up to 2048"));
        return ReportPage.section("Calibration", ReportDrawing.facts(facts));
    }

    /** What will be read to compare original and result: one row for each text, also where two have the same name. */
    private static Html evaluation(View view) {
        List<JobRequest.Evaluation> all = view.request().evaluation();
        Iterator<String> names = texts(view, "evaluation").iterator();
        // Without a wish the built-in text is read.
        List<JobRequest.Evaluation> read = all.isEmpty() ? List.of(JobRequest.Evaluation.of(null, null, null)) : all;
        return ReportPage.section(
                "Evaluation",
                Html.of(
                        "<dl class=\"facts\">{}</dl>",
                        Html.each(
                                read,
                                asked -> Html.of(
                                        "<div><dt>{}</dt><dd>{}</dd></div>",
                                        asked.text() == null ? BUILT_IN : names.next(),
                                        asked.windows() == null
                                                ? "all windows, at most 256"
                                                : asked.windows() + " windows"))));
    }

    private static List<String> texts(View view, String use) {
        return view.texts().stream()
                .filter(text -> text.use().equals(use))
                .map(JobView.Text::name)
                .toList();
    }

    /** What was asked for beside the result; nothing where nothing was. */
    private static Html wishes(JobView job) {
        JobRequest.Placement placement =
                Objects.requireNonNullElse(job.work().placement(), new JobRequest.Placement(null, null));
        JobRequest.Limits limits = Objects.requireNonNullElse(job.work().limits(), new JobRequest.Limits(null, null));
        Map<String, Object> facts = new LinkedHashMap<>();
        put(facts, "workers", placement.workerClass());
        put(facts, "segments", placement.segments());
        put(facts, "waits at most", duration(limits.maxPendingSeconds()));
        put(facts, "runs at most", duration(limits.maxRuntimeSeconds()));
        return facts.isEmpty() ? Html.EMPTY : ReportPage.section("Placement and limits", ReportDrawing.facts(facts));
    }

    private static void put(Map<String, Object> facts, String name, @Nullable Object value) {
        if (value != null) {
            facts.put(name, value);
        }
    }

    private static @Nullable String duration(@Nullable Integer seconds) {
        return seconds == null ? null : Figures.duration(Duration.ofSeconds(seconds));
    }

    /** How to get and load what was accepted; what is in quarantine has its commands in the notice. */
    private static Html download(View view) {
        JobView job = view.job();
        boolean accepted = job.outputs().stream().anyMatch(output -> Boolean.TRUE.equals(output.accepted()));
        Html command = Html.of("""
                <pre>quern jobs download {} --out {}</pre>
                <p class="aside">Add <code>--data</code> or <code>--server</code> as in the command that submitted the job.</p>
                """, job.id(), folder(job));
        return ReportPage.section(
                accepted ? "Use this model" : "Files",
                Html.join(Html.when(accepted, () -> command), Html.each(positions(view), output -> use(view, output))));
    }

    private static List<Integer> positions(View view) {
        return IntStream.range(0, view.results().size()).boxed().toList();
    }

    private static Html use(View view, int output) {
        JobResult result = view.results().get(output);
        Manifest manifest = result.manifest();
        if (manifest == null) {
            return Html.EMPTY;
        }
        boolean accepted = Boolean.TRUE.equals(view.job().outputs().get(output).accepted());
        boolean alone = view.results().size() == 1;
        String name = result.knownRecipe().name();
        return Html.of(
                """
                {}{}{}
                <p class="aside"><a href="/api/v1/jobs/{}/report{}">The report as one page</a></p>
                """,
                Html.when(!alone, () -> Html.of("<h3>{}</h3>\n", name)),
                Html.when(
                        accepted,
                        () -> LoadingDrawing.of(
                                result.format(), result.knownRecipe(), folder(view.job()) + (alone ? "" : "/" + name))),
                files(view.job(), output, accepted, manifest),
                view.job().id(),
                alone ? "" : "?output=" + output);
    }

    /** Each file of a result, to be downloaded by itself. */
    private static Html files(JobView job, int output, boolean accepted, Manifest manifest) {
        long size = manifest.files().stream().mapToLong(Manifest.File::size).sum();
        return Html.of(
                "<details class=\"files\"><summary>{}{} files, {}</summary><ul>{}</ul></details>\n",
                accepted ? "" : "In quarantine: ",
                manifest.files().size(),
                Figures.bytes(size),
                Html.each(
                        manifest.files(),
                        file -> Html.of(
                                "<li><a href=\"/api/v1/jobs/{}/files/{}?output={}\" download>{}</a> <small>{}</small></li>",
                                job.id(),
                                UriUtils.encodePath(file.name(), StandardCharsets.UTF_8),
                                output,
                                file.name(),
                                Figures.bytes(file.size()))));
    }

    /** The folder of the result, as commands name it. */
    static String folder(JobView job) {
        if (job.work().result() != null) {
            return Figures.leaf(job.work().result()) + "-" + job.first().recipe();
        }
        String model = Figures.leaf(job.work().model());
        return job.outputs().size() <= 1 ? model + "-" + job.first().recipe() : model;
    }
}
