package dev.quern.api.pages;

import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.ReportDrawing;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/** How pages speak of jobs. */
final class Words {
    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("d MMM HH:mm", Locale.ENGLISH).withZone(ZoneOffset.UTC);

    private Words() {}

    /** What tells the job apart: its name, or its model or result and its recipes. */
    static String title(JobView job) {
        return job.name() == null ? subject(job) : job.name();
    }

    private static String subject(JobView job) {
        return Figures.leaf(
                        job.work().result() == null
                                ? job.work().model()
                                : job.work().result()) + " · " + recipes(job);
    }

    /** For the browser's tab: how far the job is, or how it ended, before its title. */
    static String windowTitle(JobView job) {
        String standing = standing(job);
        String first = standing.equals("running")
                ? Figures.fixed(Math.floor(job.progress().percent()), 0) + " %"
                : standing;
        return first + " · " + title(job);
    }

    /** What the title does not say. */
    static String subtitle(JobView job) {
        return job.name() == null ? "" : subject(job);
    }

    /** The names of its recipes. */
    static String recipes(JobView job) {
        return job.outputs().stream().map(JobView.Output::recipe).collect(Collectors.joining(" + "));
    }

    /**
     * The verdict's word for the output that is furthest from its original; nothing before the outputs are measured.
     */
    static Html closeness(JobView job) {
        return ReportDrawing.closeness(job.outputs().stream()
                .map(output -> Closeness.of(output.quality()))
                .filter(Objects::nonNull)
                .max(Enum::compareTo)
                .orElse(null));
    }

    static Html badge(JobView job) {
        return Html.of("<span class=\"badge {}\" id=\"badge\">{}</span>", standing(job), standing(job));
    }

    /** The state in one word, as a person sees it: a wish that is not fulfilled yet counts, and so does waiting. */
    static String standing(JobView job) {
        if (job.state().terminal()) {
            return job.state().word();
        }
        boolean paused = job.state() == JobState.PAUSED;
        return switch (job.desired()) {
            case CANCEL -> "cancelling";
            case PAUSE -> paused ? "paused" : "pausing";
            case RUN ->
                paused ? "resuming" : waits(job) ? "waiting" : job.state().word();
        };
    }

    /** Nothing is wrong with the job; others have to come or to finish. */
    static boolean waits(JobView job) {
        JobView.Reason reason = job.remarks().reason();
        return reason != null && reason.code().calm();
    }

    /** A moment, in UTC; a script puts the browser's local time in its place. */
    static Html time(Instant then, Instant now) {
        return Html.of("<time datetime=\"{}\" data-local>{}</time>", then, at(then, now));
    }

    /** A time of day, with the day where it is not today. */
    static String at(Instant then, Instant now) {
        boolean today = LocalDate.ofInstant(then, ZoneOffset.UTC).equals(LocalDate.ofInstant(now, ZoneOffset.UTC));
        return (today ? CLOCK : DAY).format(then) + " UTC";
    }

    /** How long the job took, or takes so far. */
    static String elapsed(JobView job, Instant now) {
        Instant end = job.times().finishedAt() == null ? now : job.times().finishedAt();
        Duration time = Duration.between(job.times().createdAt(), end);
        return Figures.duration(time.isNegative() ? Duration.ZERO : time);
    }

    static String ago(Instant then, Instant now) {
        Duration time = Duration.between(then, now);
        return time.toSeconds() < 10 ? "just now" : Figures.duration(time) + " ago";
    }

    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    static String reason(ReasonCode code) {
        return switch (code) {
            case WAITING_FOR_WORKER -> "waiting for a worker";
            case WORKER_FAILED -> "no worker comes up";
            case WAITING_FOR_PROFILE -> "waiting for a worker of the same numeric profile";
            case QUEUED_BEHIND -> "queued behind another job";
            case RETRYING -> "trying again";
            case RECOVERING, PAUSING, STOPPING -> code.words();
        };
    }

    static String sentenceCase(String text) {
        return text.isEmpty() ? text : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
    }

    /** An event as a short sentence. */
    static String sentence(JobEvent event) {
        Map<String, Object> data = event.data();
        return switch (event.type()) {
            case "state" -> state(data);
            case "stage" -> lower(text(data, "stage"));
            case "linear" ->
                "block " + text(data, "block") + " " + text(data, "linear") + ", error "
                        + (data.get("relativeError") instanceof Number error
                                ? Figures.error(error.doubleValue())
                                : data.getOrDefault("relativeError", Figures.NONE));
            case "block" -> "block " + text(data, "block") + " is in work";
            case "reason" ->
                text(data, "code").isEmpty() ? "no longer waits" : reason(ReasonCode.valueOf(text(data, "code")));
            default -> data.containsKey("message") ? text(data, "message") : pairs(data);
        };
    }

    private static String state(Map<String, Object> data) {
        String change = lower(text(data, "from")) + " → " + lower(text(data, "state"));
        return data.containsKey("message") ? change + ": " + text(data, "message") : change;
    }

    private static String text(Map<String, Object> data, String name) {
        Object value = data.get(name);
        return value == null ? "" : value.toString();
    }

    private static String pairs(Map<String, Object> data) {
        return data.entrySet().stream()
                .map(entry -> entry.getKey() + " " + entry.getValue())
                .collect(Collectors.joining(", "));
    }
}
