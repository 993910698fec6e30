package dev.quern.embedded;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process that is started again, after growing pauses, when it dies. It ends when its standard input closes, so it also ends when this
 * process is killed.
 */
final class ChildProcess implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    /** A process that lived this long was well: the next pause is the first one again. */
    private static final Duration HEALTHY = Duration.ofMinutes(1);

    private static final Duration GOODBYE = Duration.ofSeconds(10);

    private final String name;
    private final ProcessBuilder builder;
    private final Thread keeper;
    private @Nullable Process process;
    private volatile boolean closed;

    private ChildProcess(String name, ProcessBuilder builder) {
        this.name = name;
        this.builder = builder;
        this.keeper = Thread.ofPlatform().daemon().name("keeper of " + name).unstarted(this::keep);
    }

    static ChildProcess start(String name, ProcessBuilder builder, Path logFile) {
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        ChildProcess child = new ChildProcess(name, builder);
        child.keeper.start();
        return child;
    }

    private void keep() {
        Duration pause = FIRST_PAUSE;
        while (!closed) {
            long started = System.nanoTime();
            try {
                int code = run();
                if (closed) {
                    return;
                }
                log.warn("{} ended with {}: it is started again", name, code);
            } catch (IOException e) {
                log.error("{} could not be started", name, e);
            } catch (InterruptedException e) {
                return;
            }
            boolean healthy = System.nanoTime() - started > HEALTHY.toNanos();
            pause = healthy ? FIRST_PAUSE : pause;
            if (!rest(pause)) {
                return;
            }
            pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        }
    }

    private int run() throws IOException, InterruptedException {
        Process started = spawn();
        if (started == null) {
            return 0;
        }
        log.info("{} runs as process {}", name, started.pid());
        return started.waitFor();
    }

    /** Null once this is closed. Who closes waits for a process that is just being made, and so knows of every one. */
    private synchronized @Nullable Process spawn() throws IOException {
        process = closed ? null : builder.start();
        return process;
    }

    private synchronized @Nullable Process lastOne() {
        closed = true;
        return process;
    }

    private static boolean rest(Duration pause) {
        try {
            Thread.sleep(pause);
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
                log.warn("{} did not end within {}: killed", name, GOODBYE);
            }
        } catch (IOException e) {
            log.debug("{} had closed its input", name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            running.destroyForcibly();
            keeper.interrupt();
        }
    }
}
