package dev.quern.cli.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.cli.stack.Doctor;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How commands say what they know. */
class ShownTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0, 0", "4, 1", "50, 10", "99, 20", "100, 20", "140, 20", "-1, 0"})
    void aBarIsAsLongAsWhatIsDone(double percent, int done) {
        assertThat(ProgressLine.bar(percent)).hasSize(22).startsWith("[").endsWith("]");
        assertThat(ProgressLine.bar(percent).chars().filter(c -> c == '=').count())
                .isEqualTo(done);
    }

    @Test
    void memoryThatCachesHoldIsAvailable() throws IOException {
        Path meminfo = Files.writeString(
                folder.resolve("meminfo"), "MemTotal:  24000 kB\nMemFree:  10 kB\nMemAvailable:  20000 kB\n");

        assertThat(Doctor.available(meminfo)).hasValue(20_000L << 10);
        assertThat(Doctor.available(folder.resolve("missing"))).isEmpty();
    }

    @Test
    void aJobNamesItsTexts() {
        JobRequest.Calibration calibration =
                JobRequest.Calibration.of(JobRequest.Source.onServer("/data/chats.jsonl"), 64, 512);
        JobRequest.Evaluation evaluation =
                JobRequest.Evaluation.of(JobRequest.Source.objects("s3://texts/held.txt"), null, null);

        assertThat(JobsShow.texts(request(calibration, List.of(evaluation))))
                .containsExactly(
                        "calibration: /data/chats.jsonl, windows: at most 64, tokens of a window: 512",
                        "evaluation: s3://texts/held.txt");
        assertThat(JobsShow.texts(request(null, List.of())))
                .containsExactly("calibration: built-in", "evaluation: built-in");
    }

    @Test
    void anEvaluationReadsNoCalibrationText() {
        JobRequest.Result result = JobRequest.Result.of(JobRequest.Source.onServer("/models/a-4"));
        assertThat(JobsShow.texts(request(result, null, List.of()))).containsExactly("evaluation: built-in");
    }

    private static JobRequest request(
            JobRequest.@Nullable Calibration calibration, List<JobRequest.Evaluation> evaluations) {
        return request(null, calibration, evaluations);
    }

    private static JobRequest request(
            JobRequest.@Nullable Result result,
            JobRequest.@Nullable Calibration calibration,
            List<JobRequest.Evaluation> evaluations) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer("/models/a"),
                result,
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                calibration,
                evaluations,
                List.of(),
                null,
                new JobRequest.Naming(Map.of(), null),
                false,
                null,
                null);
    }

    @Test
    void theGateNamesItsDefaultToo() {
        assertThat(JobsShow.gate(null)).isEqualTo("perplexity ratio at most 2");
        assertThat(JobsShow.gate(new Gate(0.05, 1.2, 0.9)))
                .isEqualTo("perplexity ratio at most 1.2, KL at most 0.05, top-1 at least 0.9");
    }
}
