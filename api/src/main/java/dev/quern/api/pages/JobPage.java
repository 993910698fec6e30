package dev.quern.api.pages;

import dev.quern.api.html.Layout;
import dev.quern.api.safety.Caller;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.BoardDrawing;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Html;
import dev.quern.recipes.report.QualityDrawing;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.ReportDrawing;
import dev.quern.recipes.report.ReportPage;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView.Board;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The page of a job, whole or as the parts that changed. */
final class JobPage {
    private static final Html LAMP = new Html("<span class=\"live\" id=\"lamp\"><i></i><span>connecting</span></span>");

    private JobPage() {}

    /**
     * Everything that the page shows.
     *
     * @param events the newest of them, oldest first
     * @param lastEvent the id that the page is up to
     * @param report null before the job's gate
     * @param manifest null where there is no result
     */
    record View(
            JobView job,
            JobRequest request,
            Recipe recipe,
            Board board,
            List<JobEvent> events,
            long lastEvent,
            @Nullable Report report,
            @Nullable Manifest manifest,
            Instant now) {}

    static String draw(View view, Caller caller) {
        JobView job = view.job();
        return Layout.page(
                Words.title(job),
                caller.formToken(),
                LAMP,
                Html.of(
                        """
                        <div data-events="/api/v1/jobs/{}/events" data-live="/jobs/{}/live">
                        {}
                        {}{}{}{}{}{}
                        <section><h2>Events</h2><ol class="events" id="events" tabindex="0" aria-label="Events, newest first">{}</ol></section>
                        {}
                        </div>
                        """,
                        job.id(),
                        job.id(),
                        head(view, caller),
                        JobParts.notice(job, view.now()),
                        JobParts.stages(job),
                        JobParts.progress(view),
                        verdict(view),
                        boardSection(view.board()),
                        results(view),
                        JobParts.events(view.events()),
                        cursor(view)));
    }

    private static Html head(View view, Caller caller) {
        JobView job = view.job();
        return Html.of(
                """
                <header class="head">
                <p class="over"><a href="/">Jobs</a> / <code>{}</code></p>
                <h1>{}</h1>{}{}
                <p class="sub"><strong>{}</strong> · {} · started <time datetime="{}">{}</time></p>
                </header>
                """,
                job.id(),
                Words.title(job),
                Words.badge(job),
                JobParts.actions(job, caller),
                job.recipe(),
                job.model(),
                job.createdAt(),
                Words.ago(job.createdAt(), view.now()));
    }

    /** Headline and quality once they are measured, before that what will be. */
    private static Html verdict(View view) {
        Report report = view.report();
        Html content = report == null
                ? ReportPage.section(
                        "Quality",
                        Html.of(
                                "<p class=\"aside\">Measured after the last block: KL divergence to the original, perplexity and top-1"
                                        + " agreement. Gate: {}.</p>",
                                QualityDrawing.gate(gate(view.request()))))
                : Html.join(
                        ReportDrawing.failures(report),
                        ReportPage.section(
                                "Quality",
                                Html.join(
                                        QualityDrawing.evaluations(report.evaluations()),
                                        Html.of(
                                                "<p class=\"aside\">Gate: {}.</p>",
                                                QualityDrawing.gate(
                                                        report.verdict().gate())),
                                        ReportDrawing.notes(report))));
        return Html.of("<div id=\"verdict\">{}</div>\n", content);
    }

    private static Gate gate(JobRequest request) {
        return Objects.requireNonNullElse(request.gate(), Gate.NONE);
    }

    private static Html boardSection(Board board) {
        return Html.of(
                """
                <section><h2>Error of every linear</h2>
                {}<div id="board-box" tabindex="0" role="group" aria-label="Board; arrow keys move from cell to cell">{}</div>
                <output class="readout" id="readout" data-hint="{}">{}</output></section>
                """,
                summary(board),
                drawn(board),
                "Point at a cell, or move with the arrow keys, for its figures.",
                "Point at a cell, or move with the arrow keys, for its figures.");
    }

    private static Html drawn(Board board) {
        return board.blocks() == 0
                ? new Html(
                        "<p class=\"aside unplanned\">The board comes with the plan: a cell for every linear of every block.</p>")
                : BoardDrawing.board(board);
    }

    private static Html summary(Board board) {
        return Html.of(
                "<p class=\"aside\" id=\"summary\">{}</p>\n",
                board.blocks() == 0 ? "" : QualityDrawing.summary(board.linears()));
    }

    private static Html results(View view) {
        Report report = view.report();
        if (report == null) {
            return Html.of(
                    "<div class=\"across\" id=\"results\">{}{}{}</div>\n",
                    ReportPage.section("Recipe", ReportDrawing.recipe(view.recipe())),
                    Html.when(view.recipe().needsCalibration(), () -> calibration(view.request())),
                    wishes(view.job()));
        }
        Html sections = Html.join(
                download(view),
                ReportPage.section(
                        "Largest errors", QualityDrawing.worst(view.board().linears())),
                ReportPage.section("Sizes", ReportDrawing.sizes(report)),
                ReportPage.section("Calibrated on", ReportDrawing.calibration(report)),
                ReportPage.section("Recipe", ReportDrawing.recipe(report.recipe())),
                ReportPage.section("Time", ReportDrawing.time(report)),
                wishes(view.job()),
                ReportPage.section("Where it comes from", ReportDrawing.origin(report)));
        return Html.of("<div class=\"columns\" id=\"results\">{}</div>\n", sections);
    }

    /** What was asked for; the report will say what was taken. */
    private static Html calibration(JobRequest request) {
        JobRequest.Calibration asked =
                Objects.requireNonNullElse(request.calibration(), new JobRequest.Calibration(null, null, null));
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("text", asked.path() == null ? "built-in, public-domain English" : asked.path());
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
        Manifest manifest = view.manifest();
        if (manifest == null) {
            return Html.EMPTY;
        }
        long size = manifest.files().stream().mapToLong(Manifest.File::size).sum();
        return ReportPage.section(
                "Take it with you",
                Html.of(
                        """
                        <pre>quern jobs download {} --out {}</pre>
                        <pre>vllm serve ./{}</pre>
                        <p class="aside">{} files, {}. <a href="/api/v1/jobs/{}/report">The report as one page</a></p>
                        """,
                        view.job().id(),
                        folder(view),
                        folder(view),
                        manifest.files().size(),
                        Figures.bytes(size),
                        view.job().id()));
    }

    private static String folder(View view) {
        return Figures.leaf(view.job().model()) + "-" + view.job().recipe();
    }

    private static Html cursor(View view) {
        return Html.of(
                "<div id=\"cursor\" data-after=\"{}\" data-blocks=\"{}\"></div>",
                view.lastEvent(),
                view.board().blocks());
    }

    /**
     * The parts that differ from a page of an earlier moment, for htmx to put in place by id.
     *
     * @param shownBlocks how many rows that page's board has
     */
    static String changes(View view, Caller caller, int shownBlocks) {
        JobView job = view.job();
        // A wish of the owner is told of in the log.
        boolean moved = view.events().stream()
                .anyMatch(event -> event.type().equals("state") || event.type().equals("log"));
        return Html.join(
                        replace(Words.badge(job)),
                        replace(JobParts.notice(job, view.now())),
                        replace(JobParts.stages(job)),
                        replace(JobParts.progress(view)),
                        replace(summary(view.board())),
                        board(view, shownBlocks),
                        Html.when(moved || view.report() != null, () -> replace(verdict(view))),
                        Html.when(moved || view.report() != null, () -> replace(results(view))),
                        // Only then: a question that stands open must not close by itself.
                        Html.when(moved, () -> replace(JobParts.actions(job, caller))),
                        Html.of("<ol id=\"events\" hx-swap-oob=\"afterbegin\">{}</ol>", JobParts.events(view.events())),
                        replace(cursor(view)))
                .markup();
    }

    private static Html board(View view, int shownBlocks) {
        if (view.board().blocks() != shownBlocks) {
            return Html.of("<div id=\"board-box\" hx-swap-oob=\"innerHTML\">{}</div>", drawn(view.board()));
        }
        // A cell of a table stands alone only inside a template.
        return Html.join(
                Html.each(touched(view), cell -> Html.of("<template>{}</template>", replace(cell))),
                Html.when(shownBlocks > 0, () -> replace(BoardDrawing.makers(view.board()))));
    }

    /** Cells of linears that were finished since, or that are in work. */
    private static List<Html> touched(View view) {
        Stream<Html> finished = view.events().stream()
                .filter(event -> event.type().equals("linear"))
                .map(event -> event.data().get("block") instanceof Number block
                        ? BoardDrawing.cell(
                                view.board(),
                                block.intValue(),
                                String.valueOf(event.data().get("linear")))
                        : Html.EMPTY);
        Stream<Html> running = view.board().linears().stream()
                .filter(linear -> linear.state().equals("RUNNING"))
                .map(linear -> BoardDrawing.cell(view.board(), linear.block(), linear.linear()));
        Stream<Html> heads = view.board().walk().stream()
                .filter(block -> block.worker() != null)
                .map(block -> BoardDrawing.head(view.board(), block.block()));
        return Stream.of(finished, running, heads)
                .flatMap(cells -> cells)
                .filter(cell -> !cell.equals(Html.EMPTY))
                .distinct()
                .toList();
    }

    /** Marks the first element of a part to take the place of the one with its id. */
    private static Html replace(Html part) {
        String markup = part.markup();
        int end = markup.indexOf('>');
        return new Html(markup.substring(0, end) + " hx-swap-oob=\"true\"" + markup.substring(end));
    }
}
