package dev.quern.api.pages;

import dev.quern.api.html.Layout;
import dev.quern.api.safety.Caller;
import dev.quern.jobs.Scope;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Html;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.ReportDrawing;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The parts of a job's page that change while it runs; each has an id, under which it is replaced. */
final class JobParts {
    private static final List<String> STAGES =
            List.of("INSPECT", "PLAN", "TRACE", "COMPRESS", "ASSEMBLE", "VERIFY", "EVALUATE", "PUBLISH");

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);

    private JobParts() {}

    /** What stands in the way, or went wrong. */
    static Html notice(JobView job) {
        JobView.Failure failure = job.failure();
        JobView.Reason reason = job.reason();
        Html content = Html.EMPTY;
        if (failure != null) {
            content = Html.of(
                    "<div class=\"notice bad\" role=\"alert\"><strong>{}</strong> {}</div>",
                    Words.reason(failure.code().replace('-', '_')),
                    failure.message());
        } else if (reason != null) {
            content = Html.of(
                    "<div class=\"notice warn\"><strong>{}</strong>{}</div>",
                    Words.reason(reason.code()),
                    reason.remedy() == null ? "" : ". " + reason.remedy());
        }
        return Html.of("<div id=\"notice\">{}</div>\n", content);
    }

    /** The stages with what is behind, what is now, and what is to come. TRACE shows only where it happens. */
    static Html stages(JobView job) {
        List<String> shown = STAGES.stream()
                .filter(stage -> !stage.equals("TRACE") || stage.equals(job.stage()))
                .toList();
        int now = job.stage() == null ? -1 : shown.indexOf(job.stage());
        return Html.of(
                "<ol class=\"stages\" id=\"stages\" aria-label=\"Stages\">{}</ol>\n",
                Html.each(shown, stage -> stage(job, stage, Integer.compare(shown.indexOf(stage), now))));
    }

    private static Html stage(JobView job, String stage, int side) {
        String standing = side < 0 || job.state().equals("COMPLETED")
                ? "done"
                : side > 0
                        ? "next"
                        : switch (job.state()) {
                            case "FAILED", "REJECTED", "CANCELLED" -> "broken";
                            case "QUARANTINED" -> "done";
                            default -> "now";
                        };
        return Html.of(
                "<li class=\"{}\"{}>{}</li>",
                standing,
                Html.when(standing.equals("now"), () -> new Html(" aria-current=\"step\"")),
                Words.lower(stage));
    }

    /** How far the job is; once it is over and measured, what came out. */
    static Html progress(JobPage.View view) {
        JobView job = view.job();
        Report report = view.report();
        if (report != null && Words.terminal(job)) {
            return Html.of(
                    "<section class=\"progress\" id=\"progress\" aria-label=\"Result\"><div class=\"numbers\">{}{}</div></section>\n",
                    ReportDrawing.headline(report),
                    ReportDrawing.number(
                            Words.elapsed(job, view.now()),
                            "from start to end",
                            job.progress().linears() + " linears"));
        }
        JobView.Progress progress = job.progress();
        return Html.of(
                """
                <section class="progress" id="progress" aria-label="Progress">
                <div class="percent">{}<small>%</small></div>
                {}
                <progress max="100" value="{}" aria-label="progress"></progress>
                </section>
                """,
                Figures.fixed(Math.floor(progress.percent()), 0),
                ReportDrawing.facts(figures(job, view.now())),
                Figures.fixed(progress.percent(), 2));
    }

    private static Map<String, String> figures(JobView job, Instant now) {
        JobView.Progress progress = job.progress();
        boolean over = Words.terminal(job);
        Map<String, String> figures = new LinkedHashMap<>();
        if (!over) {
            figures.put(
                    "remaining",
                    progress.etaSeconds() == null ? Figures.NONE : "about " + Figures.duration(progress.etaSeconds()));
        }
        figures.put(over ? "took" : "elapsed", Words.elapsed(job, now));
        figures.put("blocks", progress.blocksDone() + " of " + progress.blocks());
        figures.put("linears", progress.linearsDone() + " of " + progress.linears());
        if (!over) {
            Double rate = progress.linearsPerMinute();
            figures.put("rate", rate == null ? Figures.NONE : Figures.fixed(rate, rate < 10 ? 1 : 0) + " linears/min");
        }
        if (progress.reusedBlocks() > 0) {
            figures.put("reused", progress.reusedBlocks() + " blocks");
        }
        return figures;
    }

    /** Newest first. */
    static Html events(List<JobEvent> events) {
        return Html.each(events.reversed(), JobParts::event);
    }

    private static Html event(JobEvent event) {
        return Html.of(
                "<li><time datetime=\"{}\">{}</time><span class=\"type\">{}</span><span>{}</span></li>\n",
                event.at(),
                CLOCK.format(event.at()),
                event.type(),
                Words.sentence(event));
    }

    /** What may be done with the job, each behind a question that the browser asks without a script. */
    static Html actions(JobView job, Caller caller) {
        Html content = Html.EMPTY;
        if (!Words.terminal(job)
                && !job.desired().equals("CANCEL")
                && caller.principal().may(Scope.SUBMIT)) {
            content = action(
                    job,
                    caller,
                    "cancel",
                    "Cancel job",
                    "Cancel this job?",
                    "The worker stops within seconds. Blocks that are finished stay and are reused by a later job with the same "
                            + "model, recipe and calibration.",
                    "danger");
        } else if (job.state().equals("QUARANTINED") && caller.principal().may(Scope.ADMIN)) {
            content = action(
                    job,
                    caller,
                    "approve",
                    "Approve result",
                    "Publish this result?",
                    "It did not pass its gate. Publishing it makes it a completed job like any other.",
                    "strong");
        }
        return Html.of("<div class=\"actions\" id=\"actions\">{}</div>\n", content);
    }

    private static Html action(
            JobView job, Caller caller, String name, String label, String question, String consequence, String kind) {
        return Html.of(
                """
                <button type="button" id="{}" popovertarget="ask-{}">{}</button>
                <div class="dialog" id="ask-{}" popover role="dialog" aria-labelledby="ask-{}-title">
                <h2 id="ask-{}-title">{}</h2>
                <p>{}</p>
                <form method="post" action="/jobs/{}/{}">{}<div class="actions">
                <button type="button" popovertarget="ask-{}" popovertargetaction="hide" autofocus>No</button>
                <button class="{}">{}</button></div></form>
                </div>
                """,
                name,
                name,
                label,
                name,
                name,
                name,
                question,
                consequence,
                job.id(),
                name,
                Layout.tokenField(caller.formToken()),
                name,
                kind,
                label);
    }
}
