package dev.quern.control.publish;

import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobEvent;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How long each stage took, told apart by whether the job was at work or waited for a worker that was busy or not
 * there.
 *
 * @param working seconds, by the name of the stage
 * @param waiting seconds beside those; stages without are left out
 */
record StageTimes(Map<String, Double> working, Map<String, Double> waiting) {
    private static final Set<String> WAITS = Arrays.stream(ReasonCode.values())
            .filter(ReasonCode::waits)
            .map(ReasonCode::name)
            .collect(Collectors.toUnmodifiableSet());

    /**
     * @param elapsed seconds from the start of each stage to its end, of the present generation
     * @param events of the job, from its first
     */
    static StageTimes of(Map<Stage, Double> elapsed, List<JobEvent> events) {
        Map<Stage, Double> waiting = new Walk().through(events);
        waiting.keySet().retainAll(elapsed.keySet());
        Map<Stage, Double> working = new LinkedHashMap<>();
        elapsed.forEach((stage, seconds) ->
                working.put(stage, Math.max(0, seconds - waiting.getOrDefault(stage, 0.0))));
        return new StageTimes(named(working), named(waiting));
    }

    private static Map<String, Double> named(Map<Stage, Double> seconds) {
        Map<String, Double> named = new LinkedHashMap<>();
        seconds.forEach((stage, time) -> named.put(stage.name(), time));
        return named;
    }

    /** Passes the log once. */
    private static final class Walk {
        private final Map<Stage, Double> waiting = new LinkedHashMap<>();
        private @Nullable Stage stage;
        private @Nullable Instant entered;
        private @Nullable Instant since;

        Map<Stage, Double> through(List<JobEvent> events) {
            for (JobEvent event : events) {
                switch (event.type()) {
                    case "stage" -> enter(event);
                    case "reason" -> reason(event);
                    case "state" -> close(event.at());
                    default -> {}
                }
            }
            return waiting;
        }

        private void enter(JobEvent event) {
            close(event.at());
            stage = Stage.valueOf(String.valueOf(event.data().get("stage")));
            entered = event.at();
            if (stage == Stage.INSPECT) {
                // What an earlier generation waited is none of the present one's time.
                waiting.clear();
            }
        }

        private void reason(JobEvent event) {
            close(event.at());
            if (WAITS.contains(String.valueOf(event.data().get("code")))) {
                since = since(event);
            }
        }

        private void close(Instant until) {
            if (since != null && stage != null && entered != null) {
                Instant from = since.isBefore(entered) ? entered : since;
                double seconds = Math.max(0, Duration.between(from, until).toMillis() / 1000.0);
                waiting.merge(stage, seconds, Double::sum);
            }
            since = null;
        }

        /** It had waited for a moment already when it was noticed. */
        private static Instant since(JobEvent event) {
            try {
                return event.data().get("since") instanceof String since ? Instant.parse(since) : event.at();
            } catch (DateTimeException e) {
                return event.at();
            }
        }
    }
}
