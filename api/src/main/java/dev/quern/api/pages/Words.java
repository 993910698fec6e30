package dev.quern.api.pages;

import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Html;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** How pages speak of jobs. */
final class Words {
    private Words() {}

    static String title(JobView job) {
        return job.name() == null ? Figures.leaf(job.model()) : job.name();
    }

    static Html badge(JobView job) {
        String state = job.state().toLowerCase(Locale.ROOT);
        return Html.of("<span class=\"badge {}\" id=\"badge\">{}</span>", state, state);
    }

    static boolean terminal(JobView job) {
        return switch (job.state()) {
            case "QUEUED", "RUNNING", "PAUSED", "CANCELLING" -> false;
            default -> true;
        };
    }

    /** How long the job took, or takes so far. */
    static String elapsed(JobView job, Instant now) {
        Instant end = job.finishedAt() == null ? now : job.finishedAt();
        Duration time = Duration.between(job.createdAt(), end);
        return Figures.duration(time.isNegative() ? Duration.ZERO : time);
    }

    static String ago(Instant then, Instant now) {
        Duration time = Duration.between(then, now);
        return time.toSeconds() < 10 ? "just now" : Figures.duration(time) + " ago";
    }

    static String lower(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    static String reason(String code) {
        return lower(code).replace('_', ' ');
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
                                ? Figures.percent(error.doubleValue())
                                : Figures.NONE);
            case "block" -> "block " + text(data, "block") + " is durable";
            case "reason" -> text(data, "code").isEmpty() ? "goes on" : reason(text(data, "code"));
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
