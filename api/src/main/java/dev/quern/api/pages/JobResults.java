package dev.quern.api.pages;

import dev.quern.api.pages.JobPage.View;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Html;
import dev.quern.recipes.report.QualityDrawing;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.ReportDrawing;
import dev.quern.recipes.report.ReportPage;
import dev.quern.recipes.view.JobView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** What a job made, or will: the sections of its page around the board. Those of an output name its recipe where there are several. */
final class JobResults {
    private JobResults() {}

    /**
     * The numbers that a reader wants first.
     *
     * @param took is said once
     */
    static Html headlines(View view, Html took) {
        return Html.join(
                each(
                        view,
                        (report, of) -> Html.of(
                                "{}<div class=\"numbers\">{}{}</div>",
                                Html.when(
                                        !of.isEmpty(),
                                        () -> Html.of(
                                                "<p class=\"aside\">{}</p>",
                                                report.recipe().name())),
                                ReportDrawing.headline(report),
                                of.isEmpty() ? took : Html.EMPTY)),
                Html.when(view.results().size() > 1, () -> Html.of("<div class=\"numbers\">{}</div>", took)));
    }

    /** Quality once it is measured, before that what will be. */
    static Html verdict(View view) {
        Html content = view.measured()
                ? each(view, JobResults::quality)
                : ReportPage.section(
                        "Quality",
                        Html.of(
                                "<p class=\"aside\">Measured after the last block: KL divergence to the original, perplexity and top-1"
                                        + " agreement. Gate: {}.</p>",
                                QualityDrawing.gate(gate(view.request()))));
        return Html.of("<div id=\"verdict\">{}</div>\n", content);
    }

    private static Html quality(Report report, String of) {
        return Html.join(
                ReportDrawing.failures(report),
                ReportPage.section(
                        "Quality" + of,
                        Html.join(
                                QualityDrawing.evaluations(report.evaluations()),
                                Html.of(
                                        "<p class=\"aside\">Gate: {}.</p>",
                                        QualityDrawing.gate(report.verdict().gate())),
                                ReportDrawing.notes(report))));
    }

    private static Gate gate(JobRequest request) {
        return Objects.requireNonNullElse(request.gate(), Gate.NONE);
    }

    static Html results(View view) {
        Report first = view.results().stream()
                .map(JobResult::report)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        if (first == null) {
            boolean calibrates = view.results().getFirst().recipe().needsCalibration();
            return Html.of(
                    "<div class=\"across\" id=\"results\">{}{}{}</div>\n",
                    recipes(view),
                    Html.when(calibrates, () -> calibration(view.request())),
                    wishes(view.job()));
        }
        Html sections = Html.join(
                download(view),
                ReportPage.section(
                        "Largest errors" + of(view, 0),
                        QualityDrawing.worst(view.board().linears())),
                each(view, (report, of) -> ReportPage.section("Sizes" + of, ReportDrawing.sizes(report))),
                ReportPage.section("Calibrated on", ReportDrawing.calibration(first)),
                recipes(view),
                ReportPage.section("Time", ReportDrawing.time(first)),
                wishes(view.job()),
                each(
                        view,
                        (report, of) -> ReportPage.section("Where it comes from" + of, ReportDrawing.origin(report))));
        return Html.of("<div class=\"columns\" id=\"results\">{}</div>\n", sections);
    }

    /** A section for every output that has a report. */
    private static Html each(View view, BiFunction<Report, String, Html> section) {
        List<Html> sections = new ArrayList<>();
        for (int i = 0; i < view.results().size(); i++) {
            Report report = view.results().get(i).report();
            if (report != null) {
                sections.add(section.apply(report, of(view, i)));
            }
        }
        return Html.join(sections.toArray(Html[]::new));
    }

    private static String of(View view, int output) {
        return view.results().size() == 1
                ? ""
                : ": " + view.results().get(output).recipe().name();
    }

    private static Html recipes(View view) {
        return Html.each(view.results(), result -> ReportPage.section("Recipe", ReportDrawing.recipe(result.recipe())));
    }

    /** What was asked for; the report will say what was taken. */
    private static Html calibration(JobRequest request) {
        JobRequest.Calibration asked =
                Objects.requireNonNullElse(request.calibration(), JobRequest.Calibration.of(null, null, null));
        JobRequest.Source text = asked.text();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("text", text == null ? "built-in, public-domain English" : text.location());
        facts.put("windows", Objects.requireNonNullElse(asked.samples(), "128"));
        facts.put("tokens of a window", Objects.requireNonNullElse(asked.seqLen(), "up to 2048"));
        return ReportPage.section("Calibrated on", ReportDrawing.facts(facts));
    }

    /** What was asked for beside the result; nothing where nothing was. */
    private static Html wishes(JobView job) {
        JobRequest.Placement placement =
                Objects.requireNonNullElse(job.placement(), new JobRequest.Placement(null, null));
        JobRequest.Limits limits = Objects.requireNonNullElse(job.limits(), new JobRequest.Limits(null, null));
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

    private static Html download(View view) {
        List<Html> folders = new ArrayList<>();
        for (int i = 0; i < view.results().size(); i++) {
            Manifest manifest = view.results().get(i).manifest();
            if (manifest != null) {
                folders.add(folder(view, i, manifest));
            }
        }
        return Html.when(
                !folders.isEmpty(),
                () -> ReportPage.section(
                        "Take it with you",
                        Html.of(
                                "<pre>quern jobs download {} --out {}</pre>\n{}",
                                view.job().id(),
                                folder(view),
                                Html.join(folders.toArray(Html[]::new)))));
    }

    private static Html folder(View view, int output, Manifest manifest) {
        boolean alone = view.results().size() == 1;
        long size = manifest.files().stream().mapToLong(Manifest.File::size).sum();
        return Html.of(
                """
                <pre>vllm serve ./{}</pre>
                <p class="aside">{} files, {}. <a href="/api/v1/jobs/{}/report{}">The report as one page</a></p>
                """,
                alone
                        ? folder(view)
                        : folder(view) + "/"
                                + view.results().get(output).recipe().name(),
                manifest.files().size(),
                Figures.bytes(size),
                view.job().id(),
                alone ? "" : "?output=" + output);
    }

    private static String folder(View view) {
        String model = Figures.leaf(view.job().model());
        return view.results().size() == 1 ? model + "-" + view.job().recipe() : model;
    }
}
