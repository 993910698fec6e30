package dev.quern.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ChildProcessTest {
    /** As a JVM that starts, it does not look at its input at first. */
    private static final String SLOW_TO_LISTEN = "sleep 3; cat";

    @TempDir
    Path folder;

    /** Whether its process is not made yet, is being made or has just been made. */
    @Test
    void leavesNoProcessWheneverItIsClosed() throws Exception {
        List<Future<Long>> left = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 12; i++) {
                int millis = i / 2;
                left.add(threads.submit(() -> leftByOneThatIsClosedAfter(millis)));
            }
        }
        for (Future<Long> one : left) {
            assertThat(one.get()).isZero();
        }
    }

    private long leftByOneThatIsClosedAfter(int millis) throws InterruptedException {
        String name = UUID.randomUUID().toString();
        ProcessBuilder command = new ProcessBuilder("sh", "-c", SLOW_TO_LISTEN, name);
        ChildProcess child = ChildProcess.start(name, command, folder.resolve("log"));
        Thread.sleep(millis);
        child.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().equals("keeper of " + name)) {
                thread.join();
            }
        }
        return ProcessHandle.current()
                .children()
                .filter(process -> process.info().commandLine().orElse("").contains(name))
                .count();
    }
}
