package dev.quern.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that is started again, after growing pauses, when it dies. It ends when its standard input closes, so it
 * also ends when this process is killed. One that dies again and again before it is ready has a {@link #trouble}.
 */
final class ChildProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChildProcess.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    /** A process that lived this long was well: the next pause is the first one again. */
    private static final Duration HEALTHY = Duration.ofMinutes(1);

    private static final Duration GOODBYE = Duration.ofSeconds(10);
    /** How long it is reported that the process ran out of memory. */
    private static final Duration NEWS = Duration.ofMinutes(10);

    private static final String HEAP = "-Xmx";
    /** So many runs that ended before they were ready are no accident. */
    private static final int NO_ACCIDENT = 3;

    private final String name;
    private final ProcessBuilder builder;
    private final Path logFile;
    private final Thread keeper;
    private @Nullable Process process;
    private volatile ChildLog log;
    /** In a row, of runs that did not become ready. */
    private volatile int deaths;

    private volatile String cause = "";
    /** When the process ran out of memory for the last time, by {@link System#nanoTime}; null where it never did. */
    private volatile @Nullable Long shortage;

    private volatile Duration pause = FIRST_PAUSE;
    /** Ends a pause. */
    private final Semaphore hurried = new Semaphore(0);

    private volatile boolean closed;

    private ChildProcess(String name, ProcessBuilder builder, Path logFile) {
        this.name = name;
        this.builder = builder;
        this.logFile = logFile;
        this.log = ChildLog.beginning(logFile);
        this.keeper = Thread.ofPlatform().daemon().name("keeper of " + name).unstarted(this::keep);
    }

    static ChildProcess start(String name, ProcessBuilder builder, Path logFile) {
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        ChildProcess child = new ChildProcess(name, builder, logFile);
        child.keeper.start();
        return child;
    }

    /** Why the process does not come up, in one sentence; empty while it runs, and while it may still come up. */
    Optional<String> trouble() {
        if (deaths < NO_ACCIDENT || log.ready()) {
            return Optional.empty();
        }
        return Optional.of(
                name + " ended " + deaths + " times before it was ready: " + cause + " (log: " + logFile + ")");
    }

    /** Says in one sentence that the process ran out of memory recently; empty if it did not. */
    Optional<String> shortage() {
        Long last = shortage;
        return last == null || System.nanoTime() - last > NEWS.toNanos()
                ? Optional.empty()
                : Optional.of(
                        name + " " + outOfMemory(builder.command()) + " and was started again (log: " + logFile + ")");
    }

    /** Says that a JVM ended for lack of memory, and what its limit was. */
    static String outOfMemory(List<String> command) {
        String limit = command.stream()
                .filter(word -> word.startsWith(HEAP))
                .map(word -> word.substring(HEAP.length()).replaceFirst("m$", " MB"))
                .reduce("its default", (first, last) -> last);
        return "ran out of memory (limit " + limit + ")";
    }

    /** Somebody may have mended what kept the process from coming up: it is tried at once, and judged anew. */
    void hurry() {
        shortage = null;
        if (deaths > 0) {
            deaths = 0;
            pause = FIRST_PAUSE;
            hurried.release();
        }
    }

    private void keep() {
        while (!closed) {
            long started = System.nanoTime();
            try {
                int code = run();
                if (closed) {
                    return;
                }
                LOG.warn("{} ended with {}: it is started again", name, code);
                count(log.lastWords().orElse("it ended with " + code + " without a word"));
            } catch (IOException e) {
                LOG.error("{} could not be started", name, e);
                count(String.valueOf(e.getMessage()));
            } catch (InterruptedException e) {
                return;
            }
            boolean healthy = System.nanoTime() - started > HEALTHY.toNanos();
            pause = healthy ? FIRST_PAUSE : pause;
            if (!rest()) {
                return;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private void count(String lastWords) {
        boolean withoutMemory = log.endsWithoutMemory();
        cause = withoutMemory ? "it " + outOfMemory(builder.command()) : lastWords;
        shortage = withoutMemory ? Long.valueOf(System.nanoTime()) : shortage;
        deaths = log.ready() ? 0 : deaths + 1;
    }

    private int run() throws IOException, InterruptedException {
        Process started = spawn();
        if (started == null) {
            return 0;
        }
        LOG.info("{} runs as process {}", name, started.pid());
        return started.waitFor();
    }

    /** Null once this is closed. Who closes waits for a process that is just being made, and so knows of every one. */
    private synchronized @Nullable Process spawn() throws IOException {
        log = ChildLog.beginning(logFile);
        process = closed ? null : builder.start();
        return process;
    }

    private synchronized @Nullable Process lastOne() {
        closed = true;
        return process;
    }

    private boolean rest() {
        try {
            boolean early = hurried.tryAcquire(pause.toMillis(), TimeUnit.MILLISECONDS);
            LOG.debug("{} is started {} its pause", name, early ? "before the end of" : "after");
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    /** Asks the process to end by closing its input; kills it when it does not. */
    @Override
    public void close() {
        Process running = lastOne();
        if (running == null) {
            keeper.interrupt();
            return;
        }
        try {
            running.getOutputStream().close();
            if (!running.waitFor(GOODBYE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("{} did not end within {}: killed", name, GOODBYE);
            }
        } catch (IOException e) {
            LOG.debug("{} had closed its input", name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.destroyForcibly();
            keeper.interrupt();
        }
    }
}
