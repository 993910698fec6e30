package dev.quern.jobs.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.TestDatabase;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class EstimateRepositoryTest {
    private static final Duration LONG = Duration.ofHours(1);

    private final EstimateRepository estimates =
            new EstimateRepository(TestDatabase.shared().client());

    @Test
    void aQuestionIsTakenOnceAndAgainWhenWhoTookItDied() {
        UUID first = estimates.ask("default", "{\"a\":1}", "{}");
        UUID second = estimates.ask("default", "{}", "{}");

        assertThat(estimates.take(LONG)).contains(new EstimateRepository.Question(first, "default", "{\"a\":1}", "{}"));
        assertThat(estimates.take(LONG)).get().returns(second, EstimateRepository.Question::id);
        assertThat(estimates.take(LONG)).isEmpty();
        assertThat(estimates.take(Duration.ZERO)).get().returns(first, EstimateRepository.Question::id);

        assertThat(estimates.find(first)).isEmpty();
        estimates.answer(first, "{\"seconds\":3}");
        estimates.refuse(second, "MEMORY_BUDGET", "too large");
        assertThat(estimates.find(first)).contains(new EstimateRepository.Answer("{\"seconds\":3}", null, null));
        assertThat(estimates.find(second)).contains(new EstimateRepository.Answer(null, "MEMORY_BUDGET", "too large"));
        assertThat(estimates.take(Duration.ZERO)).isEmpty();

        estimates.drop(first);
        estimates.drop(second);
        assertThat(estimates.find(first)).isEmpty();
    }
}
