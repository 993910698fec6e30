package dev.quern.engine.backend.host;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.check.Shapes;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A fixed number of named platform threads, the caller being one of them while it waits. A task must write only what no
 * other task touches; then the results do not depend on the number of threads, since the split into tasks does not.
 */
public final class HostThreads implements AutoCloseable {
    /** Set while a thread runs tasks: what it calls in parallel then runs inline. */
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

    private final int threads;
    private final @Nullable ExecutorService helpers;
    private volatile Cancellation cancellation = Cancellation.NEVER;

    public HostThreads(String name, int threads) {
        Shapes.check("threads", threads, threads >= 1, ">= 1");
        this.threads = threads;
        this.helpers = threads == 1
                ? null
                : Executors.newFixedThreadPool(
                        threads - 1,
                        Thread.ofPlatform().daemon().name(name + "-", 1).factory());
    }

    public int count() {
        return threads;
    }

    /**
     * Runs body for 0 .. n-1. The first failure, by index, is thrown once no task runs any more; tasks not yet begun
     * are dropped.
     */
    public void run(int n, IntConsumer body) {
        if (n <= 1 || helpers == null || INSIDE.get()) {
            for (int i = 0; i < n; i++) {
                cancellation.check();
                body.accept(i);
            }
            return;
        }
        Batch batch = new Batch(n, body, cancellation);
        for (int helper = 0; helper < Math.min(threads, n) - 1; helper++) {
            helpers.execute(batch);
        }
        batch.run();
        batch.await();
    }

    /** As {@link dev.quern.engine.backend.ComputeBackend#interruptibly}; by the one thread that runs batches. */
    public void interruptibly(Cancellation requests, Runnable work) {
        Cancellation before = cancellation;
        cancellation = requests;
        try {
            work.run();
        } finally {
            cancellation = before;
        }
    }

    @Override
    public void close() {
        if (helpers != null) {
            helpers.close();
        }
    }

    private record Failure(int index, Throwable cause) {}

    private static final class Batch implements Runnable {
        private final int n;
        private final IntConsumer body;
        private final Cancellation cancellation;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicReference<@Nullable Failure> failure = new AtomicReference<>();
        private final CountDownLatch left;

        Batch(int n, IntConsumer body, Cancellation cancellation) {
            this.n = n;
            this.body = body;
            this.cancellation = cancellation;
            this.left = new CountDownLatch(n);
        }

        @Override
        public void run() {
            INSIDE.set(true);
            try {
                for (int i = next.getAndIncrement(); i < n; i = next.getAndIncrement()) {
                    task(i);
                }
            } finally {
                INSIDE.set(false);
            }
        }

        private void task(int index) {
            try {
                if (failure.get() == null) {
                    cancellation.check();
                    body.accept(index);
                }
            } catch (Throwable e) {
                failure.accumulateAndGet(new Failure(index, e), Batch::first);
            } finally {
                left.countDown();
            }
        }

        private static @Nullable Failure first(@Nullable Failure a, @Nullable Failure b) {
            if (a == null || b == null) {
                return a == null ? b : a;
            }
            return a.index <= b.index ? a : b;
        }

        void await() {
            boolean interrupted = false;
            // The tasks use memory that the caller frees next, so an interrupt may not end the wait.
            while (true) {
                try {
                    left.await();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Failure failed = failure.get();
            if (failed != null) {
                rethrow(failed.cause);
            }
        }

        private static void rethrow(Throwable cause) {
            switch (cause) {
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalStateException(cause);
            }
        }
    }
}
