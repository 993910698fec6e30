package dev.quern.jobs.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.jobs.TestDatabase;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

@Timeout(120)
class SweepLockTest {
    private final TestDatabase database = TestDatabase.shared();
    private final SweepLock lock = new SweepLock(database.client(), database.transactions());

    @Test
    void nobodyPassesASweepAndAPatientOneComesThroughAfterIt() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Boolean> sweep = others.submit(() -> lock.sweeping(() -> {
                begun.countDown();
                return awaited(ended);
            }));
            begun.await();

            assertThatThrownBy(lock::pass)
                    .isInstanceOfSatisfying(
                            QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE));
            ended.countDown();
            assertThat(sweep.get()).isTrue();
            lock.pass();
        } finally {
            ended.countDown();
        }
    }

    @Test
    void aSweepWhoseConnectionIsLostGoesNoFurther() {
        AtomicInteger steps = new AtomicInteger();

        assertThatThrownBy(() -> lock.sweeping(() -> {
                    lock.require();
                    steps.incrementAndGet();
                    loseConnection();
                    lock.require();
                    return steps.incrementAndGet();
                }))
                .isInstanceOfAny(DataAccessException.class, TransactionException.class);

        assertThat(steps).hasValue(1);
        lock.pass();
    }

    /** That of this thread's transaction. */
    private void loseConnection() {
        assertThatThrownBy(() -> database.client()
                        .sql("SELECT pg_terminate_backend(pg_backend_pid())")
                        .query(Boolean.class)
                        .single())
                .isInstanceOf(DataAccessException.class);
    }

    private static boolean awaited(CountDownLatch latch) {
        try {
            return latch.await(50, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
