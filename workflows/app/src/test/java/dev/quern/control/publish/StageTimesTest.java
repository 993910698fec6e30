package dev.quern.control.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StageTimesTest {
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");

    private final List<JobEvent> events = new ArrayList<>();

    @Test
    void waitingIsNotWork() {
        stage(0, "INSPECT");
        stage(10, "EVALUATE");
        // It was noticed two seconds after it began.
        waits(14, "QUEUED_BEHIND", 12);
        event(162, "reason", Map.of("code", ""));

        StageTimes times = StageTimes.of(Map.of(Stage.INSPECT, 10.0, Stage.EVALUATE, 160.0), events);

        assertThat(times.waiting()).containsExactly(Map.entry("EVALUATE", 150.0));
        assertThat(times.working()).containsOnly(Map.entry("INSPECT", 10.0), Map.entry("EVALUATE", 10.0));
    }

    @Test
    void whatEndsAWaitIsAlsoTheNextStage() {
        stage(0, "INSPECT");
        stage(5, "PLAN");
        waits(20, "WAITING_FOR_WORKER", 1);
        stage(30, "COMPRESS");

        assertThat(StageTimes.of(Map.of(Stage.PLAN, 25.0), events).waiting())
                .as("none of it lies before the stage")
                .containsExactly(Map.entry("PLAN", 25.0));
    }

    @Test
    void onlyThePresentGenerationCounts() {
        stage(0, "INSPECT");
        stage(1, "COMPRESS");
        waits(10, "QUEUED_BEHIND", 8);
        event(100, "state", Map.of("from", "RUNNING", "state", "PAUSED"));
        stage(200, "INSPECT");
        stage(201, "COMPRESS");
        event(202, "reason", Map.of("code", "RETRYING"));
        event(210, "reason", Map.of("code", ""));

        assertThat(StageTimes.of(Map.of(Stage.COMPRESS, 20.0), events).waiting())
                .isEmpty();
    }

    private void stage(int second, String stage) {
        event(second, "stage", Map.of("stage", stage));
    }

    private void waits(int second, String code, int since) {
        event(
                second,
                "reason",
                Map.of("code", code, "since", START.plusSeconds(since).toString()));
    }

    private void event(int second, String type, Map<String, Object> data) {
        events.add(new JobEvent(events.size() + 1, type, START.plusSeconds(second), data));
    }
}
