package dev.quern.recipes.job;

import static dev.quern.recipes.job.JobState.CANCELLED;
import static dev.quern.recipes.job.JobState.CANCELLING;
import static dev.quern.recipes.job.JobState.COMPLETED;
import static dev.quern.recipes.job.JobState.FAILED;
import static dev.quern.recipes.job.JobState.PAUSED;
import static dev.quern.recipes.job.JobState.QUARANTINED;
import static dev.quern.recipes.job.JobState.QUEUED;
import static dev.quern.recipes.job.JobState.REJECTED;
import static dev.quern.recipes.job.JobState.RUNNING;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class JobStateTest {
    /** Written a second time on purpose: a change of an edge has to be meant twice. */
    private static final Map<JobState, Set<JobState>> EDGES = Map.of(
            QUEUED, Set.of(RUNNING, PAUSED, REJECTED, FAILED, CANCELLED),
            RUNNING, Set.of(PAUSED, CANCELLING, COMPLETED, QUARANTINED, REJECTED, FAILED),
            PAUSED, Set.of(QUEUED, RUNNING, CANCELLING, FAILED),
            CANCELLING, Set.of(CANCELLED, COMPLETED, QUARANTINED, FAILED),
            QUARANTINED, Set.of(COMPLETED),
            FAILED, Set.of(QUEUED),
            COMPLETED, Set.of(),
            REJECTED, Set.of(),
            CANCELLED, Set.of());

    @ParameterizedTest(name = "{0} to {1}")
    @MethodSource("pairs")
    void isLegalExactlyWhereTheTableSaysSo(JobState from, JobState to) {
        assertThat(from.canBecome(to)).isEqualTo(EDGES.get(from).contains(to));
    }

    @ParameterizedTest
    @EnumSource
    void isReachedFromQueued(JobState state) {
        Set<JobState> reached = new java.util.HashSet<>(Set.of(QUEUED));
        for (int i = 0; i < JobState.values().length; i++) {
            Set.copyOf(reached).forEach(from -> reached.addAll(from.next()));
        }
        assertThat(reached).contains(state);
    }

    static Stream<Arguments> pairs() {
        return Arrays.stream(JobState.values())
                .flatMap(from -> Arrays.stream(JobState.values()).map(to -> Arguments.of(from, to)));
    }
}
