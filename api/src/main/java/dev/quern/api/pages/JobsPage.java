package dev.quern.api.pages;

import dev.quern.api.html.Layout;
import dev.quern.api.safety.Caller;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Html;
import dev.quern.recipes.view.JobView;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The list of jobs. */
final class JobsPage {
    private static final List<String> FILTERS =
            List.of("", "RUNNING", "QUEUED", "PAUSED", "COMPLETED", "QUARANTINED", "FAILED");

    private JobsPage() {}

    /**
     * @param state the filter, empty for all
     * @param server how the browser reaches this server
     */
    record View(JobView.Page page, String state, @Nullable String cursor, String server, Instant now) {}

    static String draw(View view, Caller caller) {
        return Layout.page(
                "Jobs",
                caller.formToken(),
                Html.EMPTY,
                Html.of("""
                        <header class="head"><h1>Jobs</h1><span></span><nav class="filters" aria-label="State">{}</nav></header>
                        {}
                        """, Html.each(FILTERS, state -> filter(state, view.state())), list(view)));
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

    private static Html filter(String state, String chosen) {
        return Html.of(
                "<a href=\"/{}\"{}>{}</a>",
                state.isEmpty() ? "" : "?state=" + state,
                Html.when(state.equals(chosen), () -> new Html(" aria-current=\"page\"")),
                state.isEmpty() ? "all" : state.toLowerCase(Locale.ROOT));
    }

    private static Html empty(View view) {
        if (!view.state().isEmpty() || view.cursor() != null) {
            return Html.of("<p class=\"aside\">No such job.</p>");
        }
        return Html.of("""
                <div class="empty">
                <h2>Nothing to grind yet</h2>
                <p>A job takes a checkpoint folder (safetensors, config.json, tokenizer) and returns a smaller one, with a report of
                what it cost. Start one from a terminal; it appears here by itself.</p>
                <pre>quern compress path/to/model --out out/</pre>
                <p>It compresses to 4 bits with GPTQ unless told otherwise; <code>quern recipes</code> lists the other ways. From another
                machine, <code>--server</code> sends the checkpoint first, part by part; what was sent before is not sent again.</p>
                <pre>quern compress path/to/model --server {} --out out/</pre>
                </div>
                """, view.server());
    }

    private static Html table(View view) {
        return Html.of("""
                <table role="table" class="jobs cards">
                <caption class="unseen">Jobs, newest first</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">job</th>
                <th role="columnheader" scope="col">state</th><th role="columnheader" scope="col">stage</th>
                <th role="columnheader" scope="col">progress</th><th role="columnheader" scope="col">time</th>
                <th role="columnheader" scope="col">started</th></tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """, Html.each(view.page().jobs(), job -> row(job, view.now())));
    }

    private static Html row(JobView job, Instant now) {
        String state = Words.standing(job);
        return Html.of(
                """
                <tr role="row">
                <th role="rowheader" scope="row"><a id="job-{}" href="/jobs/{}">{}</a><small>{}</small>{}</th>
                <td role="cell"><span class="badge {}">{}</span></td>
                <td role="cell">{}</td>
                <td role="cell" class="wide"><progress max="100" value="{}" aria-label="progress of {}"></progress><span>{} %</span></td>
                <td role="cell">{}</td>
                <td role="cell"><time datetime="{}">{}</time></td>
                </tr>
                """,
                // By its id the link keeps the focus when the list is replaced.
                job.id(),
                job.id(),
                Words.title(job),
                Figures.leaf(job.model()) + " · " + Words.recipes(job),
                why(job, now),
                state,
                state,
                stage(job),
                Figures.fixed(job.progress().percent(), 1),
                Words.title(job),
                Figures.fixed(Math.floor(job.progress().percent()), 0),
                remaining(job),
                job.createdAt(),
                Words.ago(job.createdAt(), now));
    }

    private static Html why(JobView job, Instant now) {
        JobView.Reason reason = job.reason();
        if (reason == null || Words.terminal(job)) {
            return Html.EMPTY;
        }
        return Html.of(
                "<small class=\"why\" title=\"{}\">{} since {}</small>",
                reason.remedy(),
                Words.reason(reason.code()),
                Words.at(reason.since(), now));
    }

    private static String stage(JobView job) {
        if (job.stage() == null || job.state().equals("COMPLETED")) {
            return "";
        }
        JobView.Progress progress = job.progress();
        boolean blocks = job.stage().equals("COMPRESS") && progress.blocks() > 0;
        return Words.lower(job.stage())
                + (blocks ? ", block " + progress.blocksDone() + " of " + progress.blocks() : "");
    }

    private static String remaining(JobView job) {
        if (Words.terminal(job)) {
            return "took " + Words.elapsed(job, Instant.now());
        }
        return job.progress().etaSeconds() == null
                ? Figures.NONE
                : "about " + Figures.duration(job.progress().etaSeconds()) + " left";
    }
}
