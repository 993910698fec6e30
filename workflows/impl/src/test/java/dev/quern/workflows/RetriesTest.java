package dev.quern.workflows;

import static dev.quern.workflows.Retries.Decision.AGAIN;
import static dev.quern.workflows.Retries.Decision.GIVE_UP;
import static dev.quern.workflows.Retries.Decision.REPAIR;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.contract.Failures;
import dev.quern.contract.Heartbeat;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.Stage;
import io.temporal.api.enums.v1.RetryState;
import io.temporal.api.enums.v1.TimeoutType;
import io.temporal.failure.ActivityFailure;
import io.temporal.failure.CanceledFailure;
import io.temporal.failure.TimeoutFailure;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class RetriesTest {
    private final Retries retries = new Retries(8, Failures.INTERNAL_ATTEMPTS);

    @Test
    void aUserErrorIsNeverRetried() {
        assertThat(retries.after(error(new QuernException(ErrorCode.SOURCE_CHANGED, "gone"))))
                .isEqualTo(GIVE_UP);
    }

    @Test
    void aDefectIsTriedThreeTimes() {
        assertThat(retries.after(error(new IllegalStateException("bug")))).isEqualTo(AGAIN);
        assertThat(retries.after(error(new IllegalStateException("bug")))).isEqualTo(AGAIN);
        assertThat(retries.after(error(new IllegalStateException("bug")))).isEqualTo(GIVE_UP);
        assertThat(retries.tilesInFlight()).isEqualTo(8);
    }

    @Test
    void aLackOfMemoryHalvesTheTilesInFlightDownToOne() {
        for (int expected : new int[] {4, 2, 1}) {
            assertThat(retries.after(error(new OutOfMemoryError("heap")))).isEqualTo(AGAIN);
            assertThat(retries.tilesInFlight()).isEqualTo(expected);
        }
        assertThat(retries.after(error(new OutOfMemoryError("heap")))).isEqualTo(AGAIN);
        assertThat(retries.after(error(new OutOfMemoryError("heap")))).isEqualTo(AGAIN);
        assertThat(retries.after(error(new OutOfMemoryError("heap")))).isEqualTo(GIVE_UP);
    }

    @Test
    void aLostWorkerIsNobodysFaultAsLongAsBlocksAreAdded() {
        for (int block = 0; block < 50; block++) {
            assertThat(retries.after(lostAt(block))).isEqualTo(AGAIN);
        }
        assertThat(retries.tilesInFlight()).isEqualTo(8);
    }

    @Test
    void twoWorkersLostOnOneBlockAreTakenForALackOfMemory() {
        retries.after(lostAt(3));
        assertThat(retries.tilesInFlight()).isEqualTo(8);
        retries.after(lostAt(3));
        assertThat(retries.tilesInFlight()).isEqualTo(4);
    }

    @Test
    void workersLostWithoutABlockMoreAreNotReplacedForEver() {
        for (int i = 0; i < 4; i++) {
            assertThat(retries.after(lostAt(3))).isEqualTo(AGAIN);
        }
        assertThat(retries.after(lostAt(3))).isEqualTo(GIVE_UP);
    }

    @Test
    void aDamagedArtifactIsNamedForRepair() {
        ActivityFailure failure = failure(Failures.damaged("block-00001-ab", new IllegalStateException("payload")));

        assertThat(Retries.damaged(failure)).isEqualTo("block-00001-ab");
        assertThat(retries.after(failure)).isEqualTo(REPAIR);
        assertThat(Retries.damaged(lostAt(1))).isNull();
    }

    @Test
    void aFullDiskIsNotTriedWithLess() {
        assertThat(retries.after(error(new IOException("No space left on device"))))
                .isEqualTo(GIVE_UP);
    }

    @Test
    void aCancelIsFinal() {
        assertThat(retries.after(failure(new CanceledFailure("owner")))).isEqualTo(GIVE_UP);
    }

    private static ActivityFailure error(Throwable error) {
        return failure(Failures.toTemporal(error, 1));
    }

    private static ActivityFailure lostAt(int block) {
        Heartbeat last = new Heartbeat(Stage.COMPRESS, block, 0, 0.5, List.of());
        return failure(new TimeoutFailure("heartbeat", last, TimeoutType.TIMEOUT_TYPE_HEARTBEAT));
    }

    private static ActivityFailure failure(Throwable cause) {
        return new ActivityFailure(
                "failed", 1, 2, "compress", "id", RetryState.RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED, "worker", cause);
    }
}
