package dev.quern.api.safety;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.api.caller.Caller;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.error.QuernException;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

class RateFilterTest {
    private static final int PER_SECOND = 5;
    private static final int BURST = 50;

    private final AtomicLong nanos = new AtomicLong();
    private final RateFilter filter = new RateFilter(PER_SECOND, nanos::get);

    @Test
    void tenSecondsWorthMayComeAtOnceThenTheSustainedRate() {
        ask("a", BURST);

        assertThatThrownBy(() -> ask("a", 1))
                .isInstanceOf(QuernException.class)
                .hasMessage("requests: more than 5 a second (expected: fewer; try again in a moment)");
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThatCode(() -> ask("a", PER_SECOND)).doesNotThrowAnyException();
        assertThatThrownBy(() -> ask("a", 1)).isInstanceOf(QuernException.class);
    }

    /** A client that hammers on gets nothing, but is back as soon as it waits. */
    @Test
    void refusedRequestsDoNotAddUp() {
        ask("b", BURST);
        for (int i = 0; i < 1000; i++) {
            assertThatThrownBy(() -> ask("b", 1)).isInstanceOf(QuernException.class);
        }
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));

        assertThatCode(() -> ask("b", PER_SECOND)).doesNotThrowAnyException();
    }

    @Test
    void onePrincipalDoesNotSlowAnother() {
        ask("c", BURST);

        assertThatCode(() -> ask("d", BURST)).doesNotThrowAnyException();
    }

    private void ask(String name, int times) {
        MockHttpServletRequest request = new MockHttpServletRequest();
        new Caller(new Principal("default", name, Set.of(Scope.READ)), null).attach(request);
        for (int i = 0; i < times; i++) {
            filter.check(request, new MockHttpServletResponse());
        }
    }
}
