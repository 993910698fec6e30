package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.view.JobView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A stack whose worker dies whenever it is started: it finds a file where it wants to make its scratch folder. */
@Timeout(600)
class WorkerFailureIT {
    private static final String CAUSE = "openblas: native libraries cannot be unpacked into ";

    private Path data;
    private Path obstacle;

    @BeforeEach
    void obstruct() throws Exception {
        data = Files.createTempDirectory("quern-it-");
        obstacle = Files.createFile(
                Files.createDirectories(data.resolve("scratch")).resolve("worker-1"));
    }

    @AfterEach
    void end() throws Exception {
        TestStack.end(data);
    }

    @Test
    void theCommandEndsWithTheCauseAndTheSameCommandFinishesTheJobOnceItIsMended() throws Exception {
        Path out = data.resolveSibling(data.getFileName() + "-out");
        TestStack stack = TestStack.on(data, 1);
        try {
            Cli failed = stack.compress(Cli.TINY, "--recipe", "rtn-w4a16", "--out", out.toString());

            assertThat(failed.code()).as(failed.err()).isEqualTo(1);
            assertThat(failed.err())
                    .contains("worker-1 ended 3 times before it was ready: " + CAUSE + obstacle)
                    .contains("(log: " + data.resolve("logs/worker-1.log") + ")")
                    .contains("the same command continues it")
                    .doesNotContain("Start a worker");
            JobView job = stack.show(failed.err().replaceAll("(?s).*Job ([0-9a-f-]{36}) waits.*", "$1"));
            assertThat(job.state()).isEqualTo(JobState.RUNNING);
            JobView.Reason reason = Objects.requireNonNull(job.remarks().reason());
            assertThat(reason.code()).isEqualTo(ReasonCode.WORKER_FAILED);
            assertThat(reason.remedy()).contains(CAUSE);
            assertThat(Duration.between(job.times().createdAt(), reason.since()))
                    .isLessThan(Duration.ofSeconds(60));

            Files.delete(obstacle);
            Cli mended = stack.compress(Cli.TINY, "--recipe", "rtn-w4a16", "--out", out.toString());

            assertThat(mended.code()).as(mended.err()).isZero();
            assertThat(mended.err()).contains(job.id()).contains("attached to it");
            assertThat(out.resolve("config.json")).exists();
        } finally {
            stack.close();
            TestStack.delete(out);
        }
    }
}
