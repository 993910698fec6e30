package dev.quern.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.process.JavaCommand;
import dev.quern.recipes.process.ProcessWords;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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

    @Test
    void oneThatDiesBeforeItIsReadySaysWhyWithinSeconds() throws InterruptedException {
        try (ChildProcess child = start("echo 'at Stack.trace'; echo 'quern: no library for it'; echo; exit 7")) {
            Await.within(Duration.ofSeconds(30), "a trouble")
                    .until(() -> child.trouble().isPresent());

            assertThat(child.trouble().orElseThrow())
                    .matches("worker ended [3-9] times before it was ready: no library for it \\(log: .*/log\\)");
        }
    }

    @Test
    void oneThatDiesWithoutAWordIsToldOfByItsExitCode() throws InterruptedException {
        try (ChildProcess child = start("kill -9 $$")) {
            Await.within(Duration.ofSeconds(30), "a trouble")
                    .until(() -> child.trouble().isPresent());

            assertThat(child.trouble().orElseThrow()).contains("it ended with 137 without a word");
        }
    }

    @Test
    void aCrashOfAJvmIsNamedByItsSignal() throws InterruptedException {
        String crash = "echo '# A fatal error'; echo '#  SIGILL (0x4) at pc=0x01'; echo '#'; exit 134";
        try (ChildProcess child = start(crash)) {
            Await.within(Duration.ofSeconds(30), "a trouble")
                    .until(() -> child.trouble().isPresent());

            assertThat(child.trouble().orElseThrow()).contains("crashed: SIGILL (0x4)");
        }
    }

    /** Work kills it, for example: that is counted where the work is. */
    @Test
    void oneThatDiesAfterItWasReadyHasNoTrouble() throws IOException, InterruptedException {
        try (ChildProcess child = start("echo " + ProcessWords.READY + "; exit 1")) {
            Await.within(Duration.ofSeconds(30), "three runs").until(() -> lines(folder.resolve("log")) >= 4);

            assertThat(child.trouble()).isEmpty();
        }
    }

    /** What keeps it from coming up may go away, such as a disk that is full. */
    @Test
    void aTroubleEndsWhenTheProcessIsReady() throws Exception {
        Path mended = folder.resolve("mended");
        try (ChildProcess child = start(
                "test -e " + mended + " && echo " + ProcessWords.READY + " && cat; echo 'quern: not yet'; exit 1")) {
            Await.within(Duration.ofSeconds(30), "a trouble")
                    .until(() -> child.trouble().isPresent());

            Files.createFile(mended);

            Await.within(Duration.ofSeconds(60), "no trouble")
                    .until(() -> child.trouble().isEmpty());
        }
    }

    /** Pauses have grown to seconds by then. */
    @Test
    void oneThatIsHurriedIsTriedAtOnceAndJudgedAnew() throws Exception {
        try (ChildProcess child = start("echo 'quern: not yet'; exit 1")) {
            Await.within(Duration.ofSeconds(60), "many deaths").until(() -> lines(folder.resolve("log")) >= 5);
            long before = lines(folder.resolve("log"));

            child.hurry();

            assertThat(child.trouble()).isEmpty();
            Await.within(Duration.ofSeconds(5), "another start").until(() -> lines(folder.resolve("log")) > before);
        }
    }

    /** A worker's JVM that fills its heap: at once, or after it has said that it takes work. */
    static final class Hungry {
        public static void main(String[] arguments) {
            if (arguments.length > 0) {
                System.out.println(arguments[0]);
            }
            Object[] all = {};
            while (true) {
                all = new Object[] {all, new long[1 << 20]};
            }
        }
    }

    @Test
    void aWorkerThatRunsOutOfMemoryIsStartedAgainAndThatIsSaid() throws InterruptedException {
        try (ChildProcess child = startHungry(ProcessWords.READY)) {
            Await.within(Duration.ofSeconds(30), "a second run").until(() -> runs() >= 2);

            assertThat(child.shortage())
                    .contains("worker ran out of memory (limit 24 MB) and was started again (log: "
                            + folder.resolve("log") + ")");
            assertThat(child.trouble()).isEmpty();
        }
    }

    @Test
    void aWorkerThatRunsOutOfMemoryBeforeItIsReadyHasThatTrouble() throws InterruptedException {
        try (ChildProcess child = startHungry()) {
            Await.within(Duration.ofSeconds(30), "a trouble")
                    .until(() -> child.trouble().isPresent());

            assertThat(child.trouble().orElseThrow())
                    .matches("worker ended [3-9] times before it was ready: it ran out of memory \\(limit 24 MB\\) .*");
            child.hurry();
            assertThat(child.shortage()).as("somebody knows of it").isEmpty();
        }
    }

    private ChildProcess startHungry(String... words) {
        List<String> jvm = Stack.workerJvm(24 << 20, folder.toString());
        return ChildProcess.start(
                "worker",
                JavaCommand.of(List.of(), jvm, Hungry.class.getName(), List.of(words)),
                folder.resolve("log"));
    }

    private long runs() throws IOException {
        Path log = folder.resolve("log");
        return Files.exists(log)
                ? Files.readAllLines(log).stream()
                        .filter(ProcessWords.READY::equals)
                        .count()
                : 0;
    }

    private ChildProcess start(String script) {
        return ChildProcess.start("worker", new ProcessBuilder("sh", "-c", script), folder.resolve("log"));
    }

    private static long lines(Path file) throws IOException {
        return Files.exists(file) ? Files.readAllLines(file).size() : 0;
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
