package dev.quern.worker;

import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code --temporal HOST:PORT --store URL [--class cpu] [--backend openblas] [--threads N] [--scratch DIR] [--http-port N]} */
public final class WorkerMain {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerMain.class);
    private static final int USAGE = 64;

    private WorkerMain() {}

    /** Works until its standard input closes: a worker does not outlive whoever started it. */
    public static void main(String[] arguments) throws IOException {
        try {
            WorkerConfig config = WorkerConfig.parse(List.of(arguments), System.getenv());
            ComputeWorker worker = ComputeWorker.start(config);
            // Nothing is said to a worker but that it shall end.
            System.in.transferTo(OutputStream.nullOutputStream());
            LOG.info("standard input closed: the worker ends");
            worker.close();
            System.exit(0);
        } catch (QuernException e) {
            LOG.error("{}", e.getMessage());
            System.exit(USAGE);
        }
    }
}
