package dev.quern.control.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.Stage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The time left as it would have been shown in real jobs, on a machine whose load came and went. */
class PaceReplayTest {
    /** Nearer to its end a job is not judged: there a second more is a large share. */
    private static final double LEAST_SECONDS = 5;

    /**
     * A job as it was recorded.
     *
     * @param plan what was predicted, in seconds
     * @param end seconds of work, all told
     */
    private record Run(Map<String, Double> plan, List<Look> looks, double end) {}

    /** @param at seconds of work so far */
    private record Look(double at, Stage stage, double fraction) {}

    /**
     * @param error mean relative error of the time left
     * @param jumps how often it rose by more than a fifth above the lowest that was shown since the last time
     */
    private record Score(double error, int jumps) {}

    @Test
    void theTimeLeftIsAboutRightAndHardlyEverJumpsUpwards() throws IOException {
        List<Score> scores = runs().values().stream().map(PaceReplayTest::score).toList();

        assertThat(scores).hasSizeGreaterThan(8);
        assertThat(scores.stream().mapToDouble(Score::error).average().orElseThrow())
                .as("mean relative error")
                .isLessThan(0.42);
        assertThat(scores.stream().mapToInt(Score::jumps).sum()).as("jumps").isLessThanOrEqualTo(4);
    }

    private static Score score(Run run) {
        Pace pace = new Pace(run.plan());
        double at = 0;
        double errors = 0;
        int judged = 0;
        int jumps = 0;
        double lowest = Double.MAX_VALUE;
        for (Look look : run.looks()) {
            pace.at(look.stage(), look.fraction(), 0, look.at() - at);
            at = look.at();
            @Nullable Double left = pace.remaining();
            double truth = run.end() - at;
            if (left == null || truth < LEAST_SECONDS) {
                continue;
            }
            errors += Math.abs(left - truth) / truth;
            judged++;
            boolean jumped = left > 1.2 * lowest && left > lowest + LEAST_SECONDS;
            jumps += jumped ? 1 : 0;
            lowest = jumped ? left : Math.min(lowest, left);
        }
        return new Score(errors / judged, jumps);
    }

    private static Map<String, Run> runs() throws IOException {
        Map<String, Run> runs = new LinkedHashMap<>();
        Map<String, Double> plan = Map.of();
        List<Look> looks = new ArrayList<>();
        for (String line : lines()) {
            String[] cells = line.split(",", -1);
            switch (cells[0]) {
                case "plan" -> {
                    plan = Map.of(
                            "trace", Double.parseDouble(cells[2]),
                            "compress", Double.parseDouble(cells[3]),
                            "evaluate", Double.parseDouble(cells[4]));
                    looks = new ArrayList<>();
                }
                case "end" -> runs.put(cells[1], new Run(plan, looks, Double.parseDouble(cells[2])));
                default ->
                    looks.add(new Look(
                            Double.parseDouble(cells[1]), Stage.valueOf(cells[2]), Double.parseDouble(cells[3])));
            }
        }
        return runs;
    }

    private static List<String> lines() throws IOException {
        try (InputStream csv = Objects.requireNonNull(PaceReplayTest.class.getResourceAsStream("/progress.csv"))) {
            return new String(csv.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .toList();
        }
    }
}
