package dev.quern.jobs.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.TestDatabase;
import org.junit.jupiter.api.Test;

class ExclusiveLockTest {
    @Test
    void isHeldByOneUntilItLetsGo() throws Exception {
        TestDatabase database = TestDatabase.shared();
        try (ExclusiveLock first = new ExclusiveLock(database.source(), 77);
                ExclusiveLock second = new ExclusiveLock(database.source(), 77)) {
            assertThat(first.held()).isTrue();
            assertThat(first.held()).isTrue();
            assertThat(second.held()).isFalse();

            first.close();

            assertThat(second.held()).isTrue();
            assertThat(first.held()).isFalse();
        }
    }
}
