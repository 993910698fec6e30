package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code quern} before it has anything to run. */
@Timeout(120)
class LauncherTest {
    private static final Path LAUNCHER = Path.of("../quern");
    /** The script's own functions; the holder of the lock is alone in a folder that two cannot make. */
    private static final String BUILD = """
            set -eu
            builds=$1
            say() { :; }
            eval "$(sed -n '/^lock() {/,/^}/p; /^unlock() {/,/^}/p' "$2")"
            lock
            mkdir "$builds/inside" && sleep 0.2 && rmdir "$builds/inside" && echo alone
            unlock
            """;

    @TempDir
    Path builds;

    @Test
    void ofManyStartsAfterABuildThatWasKilledOneBuildsAtATime() throws Exception {
        Path lock = Files.createDirectory(builds.resolve("lock"));
        // Above every pid that Linux gives out.
        Files.writeString(lock.resolve("pid"), "2000000000\n");
        List<Process> starts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            starts.add(new ProcessBuilder("sh", "-c", BUILD, "sh", builds.toString(), LAUNCHER.toString())
                    .redirectErrorStream(true)
                    .start());
        }

        for (Process start : starts) {
            assertThat(new String(start.getInputStream().readAllBytes(), UTF_8)).isEqualTo("alone\n");
        }
        assertThat(lock).doesNotExist();
    }
}
