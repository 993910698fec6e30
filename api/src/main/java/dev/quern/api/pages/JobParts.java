package dev.quern.api.pages;

import dev.quern.api.caller.Caller;
import dev.quern.api.html.Layout;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.ReportDrawing;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.TimeLeft;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The parts of a job's page that change while it runs; each has an id, under which it is replaced. */
final class JobParts {
    private static final Set<Stage> SOMETIMES = EnumSet.of(Stage.TRACE, Stage.GRADIENT);
    private static final List<Stage> STAGES = List.of(Stage.values());
    private static final List<Stage> STAGES_OF_EVALUATION =
            List.of(Stage.INSPECT, Stage.PLAN, Stage.EVALUATE, Stage.PUBLISH);

    /** What a person should know while a wish is on its way, or stands. */
    private static final Map<String, String> WISHES = Map.of(
            "pausing", "The worker finishes what it can keep; at most the block in progress is repeated.",
            "paused", "Finished blocks are kept. Resume to continue from there.",
            "resuming", "The job continues from its finished blocks.",
            "cancelling", "The worker is stopping.");

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss").withZone(ZoneOffset.UTC);

    private JobParts() {}

    /** What keeps the job from its end, or what went wrong. */
    static Html notice(JobView job, Instant now) {
        return Html.of("<div id=\"notice\">{}</div>\n", message(job, now));
    }

    private static Html message(JobView job, Instant now) {
        JobView.Failure failure = job.remarks().failure();
        JobView.Reason reason = job.remarks().reason();
        if (job.remarks().approval() != null) {
            return approved(job.remarks().approval(), now);
        }
        if (failure != null && job.state() == JobState.QUARANTINED) {
            return job.work().result() == null ? quarantined(job, failure) : refused(failure);
        }
        if (failure != null) {
            return Html.of(
                    "<div class=\"notice bad\" role=\"alert\"><strong>{}</strong> {}</div>",
                    Words.sentenceCase(failure.code().replace('-', ' ')),
                    failure.message());
        }
        String standing = Words.standing(job);
        if (WISHES.containsKey(standing)) {
            return Html.of(
                    "<div class=\"notice still\" role=\"status\"><strong>{}</strong> {}</div>",
                    Words.sentenceCase(standing),
                    WISHES.get(standing));
        }
        return reason == null ? Html.EMPTY : reason(reason, Words.waits(job), now);
    }

    /** What failed, and what can be done: the commands that work for such a job. */
    private static Html quarantined(JobView job, JobView.Failure failure) {
        return Html.of("""
                <div class="notice warn" role="alert"><strong>The result did not pass its gate.</strong> {}
                <p>Approve it here or on the command line to publish it anyway. To look at it first, download it from quarantine:</p>
                <pre>quern jobs approve {}</pre>
                <pre>quern jobs download {} --accept-quarantined --out {}</pre></div>
                """, failure.message(), job.id(), job.id(), JobResults.folder(job));
    }

    /** A report needs no approval: unlike a model, it can be read as it is. */
    private static Html refused(JobView.Failure failure) {
        return Html.of(
                "<div class=\"notice warn\" role=\"alert\"><strong>The result did not pass the gate.</strong> {}</div>",
                failure.message());
    }

    private static Html approved(JobView.Approval approval, Instant now) {
        return Html.of(
                "<div class=\"notice still\" role=\"status\"><strong>Approved</strong> by {} at {}{}{}</div>",
                approval.by(),
                Words.time(approval.at(), now),
                approval.reason() == null ? "." : ": " + approval.reason(),
                Html.when(
                        approval.refused() != null,
                        () -> Html.of("<p>The gate had refused it: {}</p>", approval.refused())));
    }

    private static Html reason(JobView.Reason reason, boolean waits, Instant now) {
        return Html.of(
                """
                <div class="notice {}" role="status"><strong>{}</strong>
                <span class="since">since {}, {}</span>{}</div>
                """,
                waits ? "still waits" : "warn",
                Words.sentenceCase(Words.reason(reason.code())),
                Words.time(reason.since(), now),
                Figures.duration(
                        Duration.between(reason.since(), now).isNegative()
                                ? Duration.ZERO
                                : Duration.between(reason.since(), now)),
                Html.when(reason.remedy() != null, () -> Html.of("<p>{}</p>", reason.remedy())));
    }

    /** The stages with what is behind, what is now, and what is to come. Some show only where they happen. */
    static Html stages(JobView job) {
        List<Stage> all = job.work().result() == null ? STAGES : STAGES_OF_EVALUATION;
        List<Stage> shown = all.stream()
                .filter(stage -> !SOMETIMES.contains(stage) || stage == job.stage())
                .toList();
        int now = job.stage() == null ? -1 : shown.indexOf(job.stage());
        return Html.of(
                "<ol class=\"stages\" id=\"stages\" aria-label=\"Stages\">{}</ol>\n",
                Html.each(shown, stage -> stage(job, stage, Integer.compare(shown.indexOf(stage), now))));
    }

    private static Html stage(JobView job, Stage stage, int side) {
        String standing = side < 0 || job.state() == JobState.COMPLETED
                ? "done"
                : side > 0
                        ? "next"
                        : switch (job.state()) {
                            case FAILED, REJECTED, CANCELLED -> "broken";
                            case QUARANTINED -> "done";
                            case PAUSED -> "now held";
                            default -> "now";
                        };
        return Html.of(
                "<li class=\"{}\"{}>{}</li>",
                standing,
                Html.when(standing.startsWith("now"), () -> new Html(" aria-current=\"step\"")),
                stage.word());
    }

    /** How far the job is; once it is over and measured, what came out. */
    static Html progress(JobPage.View view) {
        JobView job = view.job();
        if (view.measured() && job.state().terminal()) {
            Html took = ReportDrawing.number(
                    Words.elapsed(job, view.now()),
                    new Html("from submission to end"),
                    job.work().result() == null ? job.progress().linears() + " linears" : "evaluation alone");
            return Html.of(
                    "<section class=\"progress\" id=\"progress\" aria-label=\"Result\">{}</section>\n",
                    JobResults.headlines(view, took));
        }
        JobView.Progress progress = job.progress();
        if (job.state().terminal() && progress.percent() < 1) {
            // It ended before it began: there is no progress to look at.
            return new Html("<section class=\"progress\" id=\"progress\" hidden></section>\n");
        }
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
        boolean over = job.state().terminal();
        Map<String, String> figures = new LinkedHashMap<>();
        boolean moves = !over && job.state() != JobState.PAUSED;
        if (moves) {
            figures.put(
                    "remaining", progress.etaSeconds() == null ? Figures.NONE : TimeLeft.words(progress.etaSeconds()));
        }
        figures.put(over ? "took" : "elapsed", Words.elapsed(job, now));
        if (job.work().result() != null) {
            return figures;
        }
        figures.put("blocks", share(progress.blocksDone(), progress.blocks()));
        figures.put("linears", share(progress.linearsDone(), progress.linears()));
        if (moves) {
            Double rate = progress.linearsPerMinute();
            figures.put("rate", rate == null ? Figures.NONE : Figures.fixed(rate, rate < 10 ? 1 : 0) + " linears/min");
        }
        if (progress.reusedBlocks() > 0) {
            figures.put("reused", progress.reusedBlocks() + " blocks");
        }
        return figures;
    }

    /** How many there are is known with the plan. */
    private static String share(int done, int all) {
        return all == 0 ? Figures.NONE : done + " of " + all;
    }

    /** Newest first. */
    static Html events(List<JobEvent> events) {
        return Html.each(events.reversed().stream().filter(JobParts::tells).toList(), JobParts::event);
    }

    /** Linears and blocks are what the board shows: hundreds of them would hide the rest. */
    private static boolean tells(JobEvent event) {
        return !event.type().equals("linear") && !event.type().equals("block");
    }

    private static Html event(JobEvent event) {
        return Html.of(
                "<li><time datetime=\"{}\" data-local=\"seconds\">{}</time><span class=\"type\">{}</span><span>{}</span></li>\n",
                event.at(),
                CLOCK.format(event.at()),
                event.type(),
                Words.sentence(event));
    }

    /**
     * What may be done with the job. What cannot be taken back is asked for first, by the browser, without a script.
     */
    static Html actions(JobView job, Caller caller) {
        boolean submits = caller.principal().may(Scope.SUBMIT);
        Html content = Html.EMPTY;
        if (submits && !job.state().terminal() && job.desired() != Desired.CANCEL) {
            content = Html.join(move(job, caller), cancel(job, caller));
        } else if (submits && job.state() == JobState.FAILED) {
            content = button(job, caller, "retry", "Retry", "strong");
        } else if (job.state() == JobState.QUARANTINED
                && job.work().result() == null
                && caller.principal().may(Scope.ADMIN)) {
            content = approve(job, caller);
        }
        return Html.of("<div class=\"actions\" id=\"actions\">{}</div>\n", content);
    }

    private static Html move(JobView job, Caller caller) {
        return job.desired() == Desired.PAUSE
                ? button(job, caller, "resume", "Resume", job.state() == JobState.PAUSED ? "strong" : "")
                : button(job, caller, "pause", "Pause", "");
    }

    private static Html cancel(JobView job, Caller caller) {
        return action(
                job,
                caller,
                "cancel",
                "Cancel job",
                "Cancel this job?",
                job.work().result() == null
                        ? "The worker stops within seconds. Finished blocks are kept, and reused by a later job with the same "
                                + "model, recipe and calibration."
                        : "The worker stops within seconds. What is measured is kept, and reused by a later evaluation of the same "
                                + "result on the same text.",
                Html.EMPTY,
                "danger");
    }

    /** Names the results that did not pass, where there are others. */
    private static Html approve(JobView job, Caller caller) {
        List<String> refused = job.outputs().stream()
                .filter(output -> Boolean.FALSE.equals(output.accepted()))
                .map(JobView.Output::recipe)
                .toList();
        String what = job.outputs().size() == 1 || refused.isEmpty() ? "result" : String.join(" and ", refused);
        return action(
                job,
                caller,
                "approve",
                "Approve " + what,
                what.equals("result") ? "Publish this result?" : "Publish " + what + "?",
                "The gate refused it. Publishing makes this a completed job like any other.",
                new Html(
                        "<label class=\"why\">Reason <input name=\"reason\" maxlength=\"500\" autocomplete=\"off\"></label>"),
                "strong");
    }

    private static Html button(JobView job, Caller caller, String name, String label, String kind) {
        return Html.of(
                "<form method=\"post\" action=\"/jobs/{}/{}\">{}<button id=\"{}\" class=\"{}\">{}</button></form>\n",
                job.id(),
                name,
                Layout.tokenField(caller.formToken()),
                name,
                kind,
                label);
    }

    private static Html action(
            JobView job,
            Caller caller,
            String name,
            String label,
            String question,
            String consequence,
            Html fields,
            String kind) {
        return Html.of(
                """
                <button type="button" id="{}" popovertarget="ask-{}">{}</button>
                <div class="dialog" id="ask-{}" popover role="dialog" aria-labelledby="ask-{}-title">
                <h2 id="ask-{}-title">{}</h2>
                <p>{}</p>
                <form method="post" action="/jobs/{}/{}">{}{}<div class="actions">
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
                fields,
                name,
                kind,
                label);
    }
}
