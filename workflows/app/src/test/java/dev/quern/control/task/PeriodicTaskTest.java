package dev.quern.control.task;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.process.JavaCommand;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeriodicTaskTest {
    /** Counts, and lets the test say how many rounds there may be before the next pause. */
    private static final class Counting implements PeriodicTask.Work {
        private final Semaphore begun = new Semaphore(0);
        private final CountDownLatch closed = new CountDownLatch(1);
        private volatile boolean more = true;

        @Override
        public boolean round() {
            begun.release();
            return more;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }

    private final Counting work = new Counting();

    @Test
    void goOnUntilTheyAreStoppedAndThenClose() throws InterruptedException {
        PeriodicTask rounds = new PeriodicTask("test", Duration.ofMillis(1), work);
        assertThat(rounds.isRunning()).isFalse();
        work.more = false;

        rounds.start();
        work.begun.acquire(3);
        assertThat(rounds.isRunning()).isTrue();
        rounds.stop();

        assertThat(rounds.isRunning()).isFalse();
        assertThat(work.closed.getCount()).isZero();
    }

    /** As a process of its own. */
    static final class Broken {
        public static void main(String[] arguments) throws InterruptedException {
            PeriodicTask.Work work = () -> {
                throw new StackOverflowError();
            };
            new PeriodicTask("broken", Duration.ofMillis(1), work).start();
            Thread.sleep(Duration.ofMinutes(1));
        }
    }

    @Test
    void endTheProcessWhenOneBreaks() throws Exception {
        Process process = JavaCommand.of(List.of(), List.of(), Broken.class.getName(), List.of())
                .redirectErrorStream(true)
                .start();

        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("broken is broken: the process ends");
        assertThat(process.waitFor()).isEqualTo(70);
    }

    /** Thousands would take an hour at this pace; it ends in the middle of a pause too. */
    @Test
    void makeNoPauseWhileThereIsMore() throws InterruptedException {
        PeriodicTask rounds = new PeriodicTask("test", Duration.ofHours(1), work);

        rounds.start();
        work.begun.acquire(1000);
        work.more = false;
        rounds.stop();

        assertThat(work.closed.await(0, TimeUnit.SECONDS)).isTrue();
    }
}
