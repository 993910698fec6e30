package dev.quern.api.pages;

import dev.quern.api.caller.Caller;
import dev.quern.api.html.Layout;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.drawing.BoardDrawing;
import dev.quern.recipes.drawing.ErrorScale;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.QualityDrawing;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.report.ErrorOf;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView.Board;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The page of a job, whole or as the parts that changed. */
final class JobPage {
    private static final Html LAMP = new Html("<span class=\"live\" id=\"lamp\"><i></i><span>connecting</span></span>");

    private JobPage() {}

    /**
     * Everything that the page shows.
     *
     * @param texts that the request names
     * @param events the newest of them, oldest first
     * @param lastEvent the id that the page is up to
     * @param results at least one, in the order of the request
     */
    record View(
            JobView job,
            JobRequest request,
            List<JobView.Text> texts,
            Board board,
            List<JobEvent> events,
            long lastEvent,
            List<JobResult> results,
            Instant now) {
        /** Whether there is a report. */
        boolean measured() {
            return results.stream().anyMatch(result -> result.report() != null);
        }
    }

    static String draw(View view, Caller caller) {
        JobView job = view.job();
        return Layout.page(
                Words.windowTitle(job),
                caller.formToken(),
                LAMP,
                Html.of(
                        """
                        <div data-events="/api/v1/jobs/{}/events" data-live="/jobs/{}/live">
                        {}
                        {}{}{}{}{}{}
                        <section><h2>Events <small class="zone" id="zone">times in UTC</small></h2><ol class="events" id="events" tabindex="0" aria-label="Events, newest first">{}</ol></section>
                        {}
                        </div>
                        """,
                        job.id(),
                        job.id(),
                        head(view, caller),
                        JobParts.notice(job, view.now()),
                        JobParts.stages(job),
                        JobParts.progress(view),
                        JobResults.verdict(view),
                        boardSection(view),
                        JobResults.results(view),
                        JobParts.events(view.events()),
                        cursor(view)));
    }

    private static Html head(View view, Caller caller) {
        JobView job = view.job();
        return Html.of(
                """
                <header class="head">
                <p class="over"><a href="/">Jobs</a> / <code>{}</code></p>
                <h1>{}</h1><span class="badges">{}{}</span>{}
                <p class="sub">{}{} · submitted {}{}</p>
                </header>
                """,
                job.id(),
                Words.title(job),
                Words.badge(job),
                closeness(job),
                JobParts.actions(job, caller),
                // The title of a job without a name says it.
                Html.when(job.name() != null, () -> Html.of("<strong>{}</strong> · ", Words.recipes(job))),
                subject(job),
                Words.time(job.times().createdAt(), view.now()),
                labels(job));
    }

    private static Html subject(JobView job) {
        return job.work().result() == null
                ? Html.of("{}", job.work().model())
                : Html.of("{} · against {}", job.work().result(), job.work().model());
    }

    /** Those that its owner chose. */
    private static Html labels(JobView job) {
        return Html.each(
                new TreeMap<>(job.work().labels()).entrySet(),
                label -> Html.when(
                        !label.getKey().equals(JobRequest.SAME),
                        () -> Html.of(" <span class=\"label\">{}: {}</span>", label.getKey(), label.getValue())));
    }

    private static Html closeness(JobView job) {
        return Html.of("<span id=\"closeness\">{}</span>", Words.closeness(job));
    }

    private static Html boardSection(View view) {
        Board board = view.board();
        boolean planned = board.blocks() > 0;
        if (view.job().work().result() != null
                || (!planned && view.job().state().terminal())) {
            return Html.EMPTY;
        }
        return Html.of(
                """
                <section><h2>Error of every linear</h2>
                {}{}{}<div id="board-box" tabindex="0" role="group" aria-label="Board; arrow keys move from cell to cell">{}</div>
                <output class="readout" id="readout" data-hint="{}">{}</output></section>
                """,
                Html.when(
                        view.results().size() > 1,
                        () -> Html.of(
                                "<p class=\"aside\">By {}, the first of {} recipes; the others' errors are in their reports.</p>\n",
                                view.results().getFirst().knownRecipe().name(),
                                view.results().size())),
                summary(board),
                BoardDrawing.scaleSwitch(),
                drawn(view),
                "Point at a cell, or move with the arrow keys, for its figures.",
                "Point at a cell, or move with the arrow keys, for its figures.");
    }

    private static Html drawn(View view) {
        Board board = view.board();
        return board.blocks() == 0
                ? new Html(
                        "<p class=\"aside unplanned\">The board comes with the plan: a cell for every linear of every block.</p>")
                : BoardDrawing.board(board, errorOf(view), JobResults.heldOut(view));
    }

    /** The board shows the first of several recipes. */
    private static ErrorOf errorOf(View view) {
        return ErrorOf.of(view.results().getFirst().knownRecipe());
    }

    private static Html summary(Board board) {
        return Html.of(
                "<p class=\"aside\" id=\"summary\">{}</p>\n",
                board.blocks() == 0 ? "" : QualityDrawing.summary(board.linears()));
    }

    private static Html cursor(View view) {
        return Html.of(
                "<div id=\"cursor\" data-after=\"{}\" data-blocks=\"{}\" data-scale=\"{}\" data-title=\"{}\"></div>",
                view.lastEvent(),
                view.board().blocks(),
                ErrorScale.of(view.board().linears()),
                Words.windowTitle(view.job()));
    }

    /**
     * The parts that differ from a page of an earlier moment, for htmx to put in place by id.
     *
     * @param shown the board of that page
     */
    static String changes(View view, Caller caller, Shown shown) {
        JobView job = view.job();
        // A request of the owner is in the log.
        boolean moved = view.events().stream()
                .anyMatch(event -> event.type().equals("state") || event.type().equals("log"));
        return Html.join(
                        replace(Words.badge(job)),
                        replace(closeness(job)),
                        replace(JobParts.notice(job, view.now())),
                        replace(JobParts.stages(job)),
                        replace(JobParts.progress(view)),
                        Html.when(job.work().result() == null, () -> replace(summary(view.board()))),
                        Html.when(job.work().result() == null, () -> board(view, shown)),
                        Html.when(moved || view.measured(), () -> replace(JobResults.verdict(view))),
                        Html.when(moved || view.measured(), () -> replace(JobResults.results(view))),
                        // Only then: a question that stands open must not close by itself.
                        Html.when(moved, () -> replace(JobParts.actions(job, caller))),
                        Html.of("<ol id=\"events\" hx-swap-oob=\"afterbegin\">{}</ol>", JobParts.events(view.events())),
                        replace(cursor(view)))
                .markup();
    }

    /**
     * The board that a page shows.
     *
     * @param blocks how many rows it has
     * @param scale that its cells are coloured by
     */
    record Shown(int blocks, String scale) {
        boolean fits(Board board) {
            return board.blocks() == blocks
                    && ErrorScale.of(board.linears()).toString().equals(scale);
        }
    }

    private static Html board(View view, Shown shown) {
        if (!shown.fits(view.board())) {
            return Html.of("<div id=\"board-box\" hx-swap-oob=\"innerHTML\">{}</div>", drawn(view));
        }
        // A cell of a table stands alone only inside a template.
        return Html.join(
                Html.each(touched(view), cell -> Html.of("<template>{}</template>", replace(cell))),
                Html.when(shown.blocks() > 0, () -> replace(BoardDrawing.makers(view.board()))),
                Html.when(shown.blocks() > 0, () -> replace(BoardDrawing.legend(view.board(), errorOf(view)))));
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
                .filter(linear -> linear.state() == CellState.RUNNING)
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
