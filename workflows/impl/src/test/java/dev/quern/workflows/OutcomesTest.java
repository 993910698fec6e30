package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.contract.Failures;
import dev.quern.contract.Outcome;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import java.nio.file.AccessDeniedException;
import org.junit.jupiter.api.Test;

class OutcomesTest {
    /** A job that is rejected cannot be retried, which is what the message tells its owner to do. */
    @Test
    void aPlaceThatRefusesUsFailsTheJobAndDoesNotRejectItsInput() {
        Outcome outcome = outcome(new AccessDeniedException("put t/a/b", null, "SignatureDoesNotMatch"));

        assertThat(outcome.state()).isEqualTo(JobState.FAILED);
        assertThat(outcome.code()).isEqualTo("forbidden");
        assertThat(outcome.message()).contains("retry the job");
    }

    @Test
    void aBadInputIsRejected() {
        Outcome outcome = outcome(new QuernException(ErrorCode.ALREADY_QUANTIZED, "config.json: quantized"));

        assertThat(outcome.state()).isEqualTo(JobState.REJECTED);
        assertThat(outcome.code()).isEqualTo("already-quantized");
    }

    private static Outcome outcome(Exception error) {
        return Outcomes.of(null, Failures.toTemporal(error, 1));
    }
}
