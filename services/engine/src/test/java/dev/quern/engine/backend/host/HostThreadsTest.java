package dev.quern.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation.CancelledException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostThreadsTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void everyIndexRunsOnce(int count) {
        try (HostThreads threads = new HostThreads("test", count)) {
            AtomicIntegerArray runs = new AtomicIntegerArray(1000);
            threads.run(1000, runs::incrementAndGet);
            for (int i = 0; i < 1000; i++) {
                assertThat(runs.get(i)).isEqualTo(1);
            }
        }
    }

    @Test
    void nestedCallsStayOnTheirThread() {
        try (HostThreads threads = new HostThreads("test", 3)) {
            threads.run(64, i -> {
                Thread outer = Thread.currentThread();
                Set<Thread> inner = ConcurrentHashMap.newKeySet();
                threads.run(64, j -> inner.add(Thread.currentThread()));
                assertThat(inner).containsExactly(outer);
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aFailureReachesTheCallerAndTheThreadsGoOn(int count) {
        try (HostThreads threads = new HostThreads("test", count)) {
            assertThatThrownBy(() -> threads.run(100, i -> {
                        if (i >= 7) {
                            throw new IllegalStateException("task " + i);
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("task ");
            AtomicIntegerArray runs = new AtomicIntegerArray(10);
            threads.run(10, runs::incrementAndGet);
            assertThat(runs).hasToString("[1, 1, 1, 1, 1, 1, 1, 1, 1, 1]");
        }
    }

    /** Cancelling stops a batch between two tasks, on every thread; the threads serve the next one. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void aBatchIsCancelledBetweenTasks(int count) {
        try (HostThreads threads = new HostThreads("test", count)) {
            AtomicInteger run = new AtomicInteger();
            Runnable batch = () -> threads.run(1000, i -> run.incrementAndGet());

            assertThatThrownBy(() -> threads.interruptibly(() -> run.get() >= 5, batch))
                    .isInstanceOf(CancelledException.class);

            assertThat(run.get()).isBetween(5, 5 + count);
            batch.run();
            assertThat(run.get()).as("not cancelled any more").isGreaterThanOrEqualTo(1005);
        }
    }
}
