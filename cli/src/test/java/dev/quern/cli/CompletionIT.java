package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.cli.jobs.JobWatcher;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The completion script in a real bash, which runs quern for ids as a shell does. */
@Timeout(300)
class CompletionIT {
    /** What a shell sets when somebody types words and the tab key: the last word is the one to complete. */
    private static final String TAB = """
            source "$1"
            shift
            COMP_WORDS=("$@")
            COMP_CWORD=$(($# - 1))
            COMP_LINE="$*"
            _complete_quern
            printf '%s\\n' "${COMPREPLY[@]}"
            """;

    @TempDir
    Path folder;

    @Test
    void idsOfJobsAndKeysComeFromTheRunningStack() throws Exception {
        Path data = Files.createTempDirectory("quern-it-");
        try (TestStack stack = TestStack.on(data, 1)) {
            String job = stack.submit(16, 128).id();
            stack.await(job, JobWatcher::isOver);
            String at = data.toString();

            offered(job, "jobs", "show", "--data", at, "");
            offered(job, "jobs", "show", "--data", at, job.substring(0, 5));
            offered(job, "jobs", "download", "--data", at, "");
            assertThat(complete("jobs", "resume", "--data", at, "")).containsExactly("");
            assertThat(complete("jobs", "show", "--data", at, "zzzz")).containsExactly("");
            offered(job, "compare", "--data", at, "");
            assertThat(complete("compare", "--data", at, "sc")).containsExactly("script");

            Cli key = Cli.run("keys", "create", "ci", "--data", at);
            assertThat(key.code()).as(key.err()).isZero();
            String id = key.err().replaceAll("(?s).*key (\\S+) for ci.*", "$1");
            offered(id, "keys", "revoke", "--data", at, "");
        }
    }

    @Test
    void noStackIsStartedForACompletion() throws Exception {
        Path data = folder.resolve("data");

        assertThat(complete("jobs", "show", "--data", data.toString(), "")).containsExactly("");
        assertThat(data).doesNotExist();
    }

    /** The client of a command waits for a minute. */
    @Test
    void aServerThatDoesNotAnswerIsNotWaitedFor() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            long start = System.nanoTime();
            Cli ids = Cli.run("ids", "--", "jobs", "show", "--server", "http://127.0.0.1:" + silent.getLocalPort());

            assertThat(ids).returns(0, Cli::code).returns("", Cli::out).returns("", Cli::err);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
        }
    }

    @Test
    void wordsThatDoNotParseCompleteToNothing() {
        assertThat(Cli.run("ids", "--", "jobs", "show", "--data")).isEqualTo(new Cli(0, "", ""));
        assertThat(Cli.run("ids", "--", "jobs", "show", "--server", "nonsense")).isEqualTo(new Cli(0, "", ""));
    }

    private void offered(String id, String... words) throws IOException, InterruptedException {
        assertThat(complete(words)).contains(id);
    }

    private List<String> complete(String... words) throws IOException, InterruptedException {
        Path script = Files.writeString(
                folder.resolve("script"), Cli.run("completion").out());
        Path tab = Files.writeString(folder.resolve("tab"), TAB);
        List<String> line = new ArrayList<>(List.of("bash", tab.toString(), script.toString(), quern().toString()));
        line.addAll(List.of(words));
        Process bash = new ProcessBuilder(line)
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String replies = new String(bash.getInputStream().readAllBytes(), UTF_8);
        assertThat(bash.waitFor()).isZero();
        return replies.lines().toList();
    }

    /** As the launcher runs it, from the classes of this test. */
    private Path quern() throws IOException {
        Path quern = folder.resolve("quern");
        Files.writeString(
                quern,
                "#!/bin/sh\nexec '" + System.getProperty("java.home") + "/bin/java' -XX:TieredStopAtLevel=1"
                        + " -Dquern.completion.millis=60000 -cp '"
                        + System.getProperty("java.class.path") + "' dev.quern.cli.Main \"$@\"\n");
        return Files.setPosixFilePermissions(quern, PosixFilePermissions.fromString("rwx------"));
    }
}
