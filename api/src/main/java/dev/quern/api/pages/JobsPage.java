package dev.quern.api.pages;

import dev.quern.api.caller.Caller;
import dev.quern.api.html.Layout;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.Terms;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.TimeLeft;
import dev.quern.recipes.view.JobView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The list of jobs. */
final class JobsPage {
    private static final List<JobState> FILTERS = List.of(
            JobState.RUNNING,
            JobState.QUEUED,
            JobState.PAUSED,
            JobState.COMPLETED,
            JobState.QUARANTINED,
            JobState.FAILED,
            JobState.REJECTED,
            JobState.CANCELLED);

    private JobsPage() {}

    /**
     * @param state the filter, empty for all
     * @param server how the browser reaches this server
     */
    record View(JobView.Page page, String state, @Nullable String cursor, String server, Instant now) {}

    static String draw(View view, Caller caller) {
        return Layout.page("Jobs", caller.formToken(), Html.EMPTY, Html.of("""
                        <header class="head"><h1>Jobs</h1><span></span><nav class="filters" aria-label="State">{}</nav></header>
                        {}
                        """, filters(view.state()), list(view)));
    }

    /** The part that refreshes itself. */
    static Html list(View view) {
        Html content = view.page().jobs().isEmpty() ? empty(view) : table(view);
        return Html.of(
                """
                <section id="jobs" hx-get="/?state={}&cursor={}" hx-trigger="every 3s" hx-swap="outerHTML">{}{}</section>
                """,
                view.state(),
                view.cursor(),
                content,
                Html.when(
                        view.page().next() != null,
                        () -> Html.of(
                                "<p class=\"more\"><a href=\"/?state={}&cursor={}\">Older jobs</a></p>",
                                view.state(),
                                view.page().next())));
    }

    private static Html filters(String chosen) {
        return Html.join(filter("", chosen), Html.each(FILTERS, state -> filter(state.name(), chosen)));
    }

    private static Html filter(String state, String chosen) {
        return Html.of(
                "<a href=\"/{}\"{}>{}</a>",
                state.isEmpty() ? "" : "?state=" + state,
                Html.when(state.equals(chosen), () -> new Html(" aria-current=\"page\"")),
                state.isEmpty() ? "all" : state.toLowerCase(Locale.ROOT));
    }

    private static Html empty(View view) {
        if (!view.state().isEmpty() || view.cursor() != null) {
            return Html.of(
                    "<p class=\"aside\">{}</p>",
                    view.state().isEmpty() ? "No older jobs." : "No " + Words.lower(view.state()) + " jobs.");
        }
        return Html.of("""
                <div class="empty">
                <h2>Nothing to grind yet</h2>
                <p>A job takes a checkpoint folder (safetensors, config.json, tokenizer) and returns a smaller one, with a report of
                what it cost. Start one from a terminal; it appears here.</p>
                <pre>quern compress path/to/model --server {} --out out/</pre>
                <p>The command asks for a key in <code>QUERN_KEY</code> or <code>--key-file</code>, and uploads the checkpoint in parts; parts
                that the server has already are skipped. On the machine where <code>quern up</code> runs, leave out <code>--server</code>, and
                repeat <code>--data</code> if you started it with one. Without <code>--recipe</code> the result has 4 bits;
                <code>quern recipes</code> lists the others.</p>
                </div>
                """, view.server());
    }

    private static Html table(View view) {
        return Html.of(
                """
                <table role="table" class="jobs cards">
                <caption class="unseen">Jobs, newest first</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">job</th>
                <th role="columnheader" scope="col">state</th><th role="columnheader" scope="col">progress or quality</th>
                <th role="columnheader" scope="col">{}</th><th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">time</th><th role="columnheader" scope="col">submitted</th></tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """,
                Terms.KL.html("KL"),
                Terms.PERPLEXITY.html(),
                Terms.SMALLER.html(),
                Html.each(view.page().jobs(), job -> row(job, view.now())));
    }

    private static Html row(JobView job, Instant now) {
        String state = Words.standing(job);
        JobView.Quality quality =
                job.outputs().size() == 1 ? job.outputs().getFirst().quality() : null;
        return Html.of(
                """
                <tr role="row">
                <th role="rowheader" scope="row"><a id="job-{}" href="/jobs/{}">{}</a><small>{}</small>{}</th>
                <td role="cell"><span class="badge {}">{}</span></td>
                <td role="cell" class="wide">{}</td>
                {}{}{}
                <td role="cell">{}</td>
                <td role="cell">{}</td>
                </tr>
                """,
                // By its id the link keeps the focus when the list is replaced.
                job.id(),
                job.id(),
                Words.title(job),
                Words.subtitle(job),
                why(job, now),
                state,
                state,
                job.state().terminal() ? Words.closeness(job) : progress(job),
                figure("KL", Figures.number(quality == null ? null : quality.measuredKl())),
                figure("perplexity", ResultsTable.change(quality)),
                figure("smaller", ResultsTable.smaller(quality)),
                remaining(job, now),
                Words.time(job.times().createdAt(), now));
    }

    /** A narrow screen names each figure, and leaves out those that are not known. */
    private static Html figure(String name, String value) {
        return Html.of(
                "<td role=\"cell\" data-label=\"{}\" class=\"{}\">{}</td>",
                name,
                value.equals(Figures.NONE) ? "none" : "",
                value);
    }

    /** How far a job is that is not over. */
    private static Html progress(JobView job) {
        return Html.of(
                "<progress max=\"100\" value=\"{}\" aria-label=\"progress of {}\"></progress><span>{}\u00a0%</span><small>{}</small>",
                Figures.fixed(job.progress().percent(), 1),
                Words.title(job),
                Figures.fixed(Math.floor(job.progress().percent()), 0),
                stage(job));
    }

    private static Html why(JobView job, Instant now) {
        JobView.Failure failure = job.remarks().failure();
        if (failure != null) {
            return Html.of("<small class=\"why\">{}</small>", failure.message());
        }
        JobView.Reason reason = job.remarks().reason();
        if (reason == null || job.state().terminal()) {
            return Html.EMPTY;
        }
        return Html.of(
                "<small class=\"why\" title=\"{}\">{} since {}</small>",
                reason.remedy(),
                Words.reason(reason.code()),
                Words.time(reason.since(), now));
    }

    private static String stage(JobView job) {
        if (job.stage() == null) {
            return "";
        }
        JobView.Progress progress = job.progress();
        boolean blocks = job.stage() == Stage.COMPRESS && progress.blocks() > 0;
        return job.stage().word() + (blocks ? ", block " + progress.blocksDone() + " of " + progress.blocks() : "");
    }

    private static String remaining(JobView job, Instant now) {
        if (job.state().terminal()) {
            return "took " + Words.elapsed(job, now);
        }
        if (job.state() == JobState.PAUSED) {
            return Figures.NONE;
        }
        return job.progress().etaSeconds() == null
                ? Figures.NONE
                : TimeLeft.words(job.progress().etaSeconds()) + " left";
    }
}
