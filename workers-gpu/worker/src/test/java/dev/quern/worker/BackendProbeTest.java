package dev.quern.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backend in a process of its own, as on a machine where nothing of ours has ever run. */
class BackendProbeTest {
    @TempDir
    Path machine;

    @Test
    void opensWhereNoEarlierRunLeftAnythingAndLeavesNothing() throws Exception {
        Path natives = Files.createDirectory(machine.resolve("natives"));

        assertThat(probe(natives)).matches("0 OpenBLAS .*, numeric profile [0-9a-f]{64}");

        assertThat(natives).isEmptyDirectory();
        assertThat(machine.resolve("home")).isEmptyDirectory();
        assertThat(machine.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void saysInOneLineWhyItDoesNotOpen() throws Exception {
        Path file = Files.createFile(machine.resolve("file"));

        assertThat(probe(file.resolve("natives")))
                .startsWith("1 quern: openblas: native libraries cannot be unpacked into " + file);
    }

    /** The exit code and the last line. */
    private String probe(Path natives) throws IOException, InterruptedException {
        ProcessBuilder command = new ProcessBuilder(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                Backend.DEFAULT.jvmOptions().getFirst(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-XX:-UsePerfData",
                "-Duser.home=" + Files.createDirectory(machine.resolve("home")),
                "-Djava.io.tmpdir=" + Files.createDirectory(machine.resolve("tmp")),
                BackendProbe.class.getName(),
                natives.toString(),
                Backend.DEFAULT.option()));
        command.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process process = command.redirectErrorStream(true).start();
        List<String> said = new String(process.getInputStream().readAllBytes(), UTF_8)
                .lines()
                .toList();
        return process.waitFor() + " " + said.getLast();
    }
}
