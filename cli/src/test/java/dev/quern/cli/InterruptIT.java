package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.embedded.DataFolder;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Ctrl-C: the command says how to resume and exits 130, the stack ends by itself, and the same command continues from
 * what exists.
 */
class InterruptIT {
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    /** SIGINT's bit in a mask of signals: it is number 2. */
    private static final long INTERRUPT = 1 << 1;

    @TempDir
    Path folder;

    @Test
    void anInterruptedCommandCanBeTypedAgain() throws IOException, InterruptedException {
        Path data = Files.createTempDirectory("quern-it-");
        List<String> request = List.of(
                "compress",
                Cli.TINY.toString(),
                "--data",
                data.toString(),
                "--out",
                folder.resolve("out").toString());
        Path said = folder.resolve("said");
        // Until the stack has gone: it stays for seconds after its last command, which are enough to end a small job.
        try (Hold middle = Hold.at(Hold.AT_SECOND_BLOCK)) {
            Process command = start(request, said);
            middle.await();
            await(said, "compress ·");
            ProcessHandle stack = ProcessHandle.of(
                            new DataFolder(data).stack().orElseThrow().pid())
                    .orElseThrow();

            new ProcessBuilder("kill", "-INT", Long.toString(command.pid()))
                    .start()
                    .waitFor();

            assertThat(command.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(command.exitValue()).isEqualTo(130);
            assertThat(said).content().contains("interrupted", "Resume with: quern compress", "--out");
            assertThat(folder.resolve("out")).doesNotExist();
            TestStack.await(stack);
        }
        assertThat(Cli.run(request)).satisfies(ran -> {
            assertThat(ran.code()).as(ran.err()).isZero();
            assertThat(ran.err()).contains("is not finished: attached to it");
        });
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(folder.resolve("out"), said);
        }
        TestStack.end(data);
    }

    private static Process start(List<String> arguments, Path said) throws IOException {
        List<String> command = new ArrayList<>();
        if (deafToInterrupts()) {
            command.addAll(List.of("env", "--default-signal=INT"));
        }
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                Main.class.getName()));
        command.addAll(arguments);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile());
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        return builder.start();
    }

    /**
     * A shell starts what it runs in the background with Ctrl-C ignored; children inherit that, and a JVM leaves it so.
     */
    private static boolean deafToInterrupts() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return false;
        }
        long ignored = Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("SigIgn:"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
                .findFirst()
                .orElse(0);
        return (ignored & INTERRUPT) != 0;
    }

    private static void await(Path file, String text) {
        Await.within(PATIENCE, text + " in " + file).until(() -> Files.readString(file), said -> said.contains(text));
    }
}
