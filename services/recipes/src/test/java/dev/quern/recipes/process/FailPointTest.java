package dev.quern.recipes.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FailPointTest {
    @TempDir
    Path folder;

    /** A process that passes two places three times each and says how far it came. */
    static final class Walker {
        public static void main(String[] arguments) {
            for (int round = 1; round <= 3; round++) {
                for (String place : new String[] {"a.before", "a.after"}) {
                    FailPoint.pass(place);
                    System.out.print(place + round + " ");
                    System.out.flush();
                }
            }
        }
    }

    @Test
    void nothingIsSetAndNothingHappens() throws Exception {
        assertThat(walk("")).isEqualTo("0: a.before1 a.after1 a.before2 a.after2 a.before3 a.after3");
    }

    @Test
    void theProcessHaltsTheTimeThatIsNamed() throws Exception {
        assertThat(walk("a.before")).isEqualTo("137:");
        assertThat(walk("a.after:2")).isEqualTo("137: a.before1 a.after1 a.before2");
    }

    @Test
    void theProcessRunsOutOfMemoryWhereThatIsAsked() throws Exception {
        assertThat(walk("a.after:2/memory", "-Xmx16m", "-XX:+ExitOnOutOfMemoryError"))
                .startsWith("3: a.before1 a.after1 a.before2")
                .contains("Terminating due to java.lang.OutOfMemoryError: Java heap space")
                .doesNotContain("a.after2");
    }

    @Test
    void aFileHoldsAProcessUntilItIsDeleted() throws Exception {
        Path file = folder.resolve("place");
        FailPoint point = new FailPoint("@" + file);
        point.at("a.after");
        Files.writeString(file, "a.after:2");
        point.at("a.after");

        CompletableFuture<Void> held = CompletableFuture.runAsync(() -> point.at("a.after"));
        Path mark = folder.resolve("place.held");
        while (!Files.exists(mark)) {
            Thread.sleep(1);
        }

        assertThat(file).doesNotExist();
        // Others pass meanwhile.
        point.at("a.after");
        assertThat(held).isNotDone();
        Files.delete(mark);
        held.get(30, TimeUnit.SECONDS);
    }

    @Test
    void saysWhatItCannotRead() {
        assertThatThrownBy(() -> new FailPoint("a.after:0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("QUERN_FAILPOINT: a.after:0 (expected: a place, place:n, either with /memory, or @FILE)");
    }

    private static String walk(String setting, String... jvm) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(jvm));
        command.addFirst(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add(Walker.class.getName());
        ProcessBuilder walker = new ProcessBuilder(command);
        walker.environment()
                .put(
                        "CLASSPATH",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        walker.environment().put("QUERN_FAILPOINT", setting);
        Process process = walker.redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        return (process.waitFor() + ": " + said).strip();
    }
}
