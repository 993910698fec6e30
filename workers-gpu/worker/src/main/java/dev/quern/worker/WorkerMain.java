package dev.quern.worker;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.process.ProcessWords;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A worker process; its arguments are those of {@link WorkerConfig#parse}. */
public final class WorkerMain {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerMain.class);
    private static final int FAILED = 1;
    private static final int USAGE = 64;
    private static final int UNREACHABLE = 69;

    private WorkerMain() {}

    public static void main(String[] arguments) throws IOException {
        try {
            run(WorkerConfig.parse(List.of(arguments), System.getenv()));
            System.exit(0);
        } catch (QuernException e) {
            LOG.debug("The worker ends", e);
            System.out.println(ProcessWords.CAUSE + e.getMessage());
            System.exit(code(e.code()));
        }
    }

    private static int code(ErrorCode error) {
        return switch (error) {
            case UNAVAILABLE -> UNREACHABLE;
            default -> error.kind() == ErrorCode.Kind.USER ? USAGE : FAILED;
        };
    }

    /**
     * Works until its lifetime ends; after a signal the process is ending and this does not return.
     *
     * @throws QuernException UNAUTHENTICATED or UNAVAILABLE when Temporal does not let it in; NATIVE_LIBRARY when its
     *     backend does not open
     */
    public static void run(WorkerConfig config) throws IOException {
        ComputeWorker worker = ComputeWorker.start(config);
        System.out.println(ProcessWords.READY);
        switch (config.lifetime()) {
            case INPUT -> {
                // Nothing is said to a worker but that it shall end.
                System.in.transferTo(OutputStream.nullOutputStream());
                LOG.info("standard input closed: the worker ends");
                worker.close();
            }
            case SIGNAL -> awaitSignal(worker, config.grace());
        }
    }

    private static void awaitSignal(ComputeWorker worker, Duration grace) {
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            LOG.info("signal: the worker ends");
                            worker.drain(grace);
                        },
                        "stop"));
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            worker.close();
        }
    }
}
