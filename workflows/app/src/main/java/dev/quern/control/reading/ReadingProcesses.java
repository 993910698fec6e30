package dev.quern.control.reading;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.util.FileSystemUtils;

/** The processes of {@link Readings}: one is ready, those that are asked are not here. Thread-safe. */
final class ReadingProcesses implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReadingProcesses.class);

    private final String store;
    private final Map<String, String> s3;
    private final Path scratch;
    private final Deque<ReadingProcess> idle = new ArrayDeque<>();
    private final Set<ReadingProcess> all = new HashSet<>();
    private int number;
    private boolean closed;

    /** @param scratch emptied now */
    ReadingProcesses(String store, Map<String, String> s3, Path scratch) throws IOException {
        this.store = store;
        this.s3 = Map.copyOf(s3);
        this.scratch = scratch;
        FileSystemUtils.deleteRecursively(scratch);
        Files.createDirectories(scratch);
        keepOneReady();
    }

    /** @throws QuernException UNAVAILABLE when none can be started */
    synchronized ReadingProcess take() {
        for (ReadingProcess ready = idle.poll(); ready != null; ready = idle.poll()) {
            if (ready.alive()) {
                return ready;
            }
            forget(ready);
        }
        try {
            return start();
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.UNAVAILABLE, "a reading process cannot be started: " + e.getMessage(), e);
        }
    }

    /** @param again whether it may be asked again */
    synchronized void giveBack(ReadingProcess process, boolean again) {
        if (again && idle.isEmpty() && !closed) {
            idle.add(process);
        } else {
            forget(process);
        }
        keepOneReady();
    }

    private void keepOneReady() {
        try {
            if (idle.isEmpty() && !closed) {
                idle.add(start());
            }
        } catch (IOException e) {
            LOG.warn("a reading process cannot be started: {}", e.toString());
        }
    }

    private ReadingProcess start() throws IOException {
        if (closed) {
            throw new IOException("the control process ends");
        }
        ReadingProcess process = ReadingProcess.start(store, s3, scratch.resolve(Integer.toString(number++)));
        all.add(process);
        return process;
    }

    private void forget(ReadingProcess process) {
        all.remove(process);
        process.close();
    }

    @Override
    public synchronized void close() {
        closed = true;
        all.forEach(ReadingProcess::close);
    }
}
