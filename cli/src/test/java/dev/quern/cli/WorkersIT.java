package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackInfo;
import dev.quern.embedded.StackLauncher;
import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.report.Report;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that somebody starts beside those of the stack: they join and leave while a job runs, with the right key. */
class WorkersIT {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    @TempDir
    Path folder;

    private Path data;
    private StackLease lease;
    private final List<Process> workers = new ArrayList<>();

    /** Two commands at once on one folder: one stack comes up, and both have it. */
    @BeforeEach
    void startTwice() throws IOException {
        data = Files.createTempDirectory("quern-it-");
        CompletableFuture<StackLease> other = CompletableFuture.supplyAsync(this::acquire);
        lease = acquire();
        try (StackLease second = other.join()) {
            assertThat(second.stack()).isEqualTo(lease.stack());
        }
    }

    @AfterEach
    void end() throws IOException {
        workers.forEach(Process::destroyForcibly);
        lease.close();
        TestStack.end(data);
    }

    @Test
    void aWorkerThatJoinsEndsTheJobWhenAnotherFreezes() throws Exception {
        Process joined = join(data.resolve("token"), "joined");
        awaitLine(folder.resolve("joined.log"), "ready");
        CompletableFuture<Cli> command;
        ProcessHandle own = ownWorker();
        int frozen;
        // One of the two stands still before its block: the job is not over when the other one freezes.
        try (Hold middle = Hold.at(Hold.AT_SECOND_BLOCK)) {
            command = compress(data);
            middle.await();
            signal(own, "STOP");
            frozen = blocks();
        }
        awaitBlocks(frozen + 1, command);
        Cli ran = command.join();
        own.destroyForcibly();

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(digest(ran)).isEqualTo(undisturbed());
        joined.destroy();
        assertThat(joined.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                .as("a worker leaves when it is asked to")
                .isTrue();
        assertThat(folder.resolve("joined.log")).content().contains("signal: the worker ends");
    }

    @Test
    void aWorkerWithAWrongKeyIsRefusedAndNoWorkIsLost() throws Exception {
        CompletableFuture<Cli> command = compress(data);
        Process stranger = join(Files.writeString(folder.resolve("key"), "quern_wrong"), "stranger");

        assertThat(stranger.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        assertThat(stranger.exitValue()).isEqualTo(77);
        assertThat(folder.resolve("stranger.log"))
                .content()
                .contains("key: refused by Temporal at " + lease.stack().temporal())
                .doesNotContain("quern_wrong");
        assertThat(data.resolve("logs/stack.log")).content().contains("was refused: its key is missing or wrong");
        assertThat(command.join().code()).as(command.join().err()).isZero();
    }

    private StackLease acquire() {
        try {
            StackOptions options = StackOptions.standard().withThreads(1);
            return new StackLauncher(new DataFolder(data), options, line -> {}).acquire();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As typed by hand, with the addresses that {@code quern up} prints. */
    private Process join(Path key, String name) throws IOException {
        StackInfo stack = lease.stack();
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                Main.class.getName(),
                "worker",
                "--temporal",
                stack.temporal(),
                "--store",
                stack.store(),
                "--token-file",
                key.toString(),
                "--threads",
                "1",
                "--scratch",
                folder.resolve(name).toString());
        command.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        Process worker = command.redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
        workers.add(worker);
        return worker;
    }

    private ProcessHandle ownWorker() {
        return ProcessHandle.of(lease.stack().pid())
                .orElseThrow()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("/java"))
                .findFirst()
                .orElseThrow();
    }

    private static CompletableFuture<Cli> compress(Path data) {
        return CompletableFuture.supplyAsync(() -> Cli.run(
                "compress",
                Cli.TINY.toString(),
                "--samples",
                "64",
                "--seq-len",
                "512",
                "--eval-windows",
                "4",
                "--output",
                "json",
                "--data",
                data.toString(),
                "--out",
                data.resolve("out-" + UUID.randomUUID()).toString()));
    }

    private static String undisturbed() throws IOException {
        Path other = Files.createTempDirectory("quern-it-");
        try {
            return digest(compress(other).join());
        } finally {
            TestStack.end(other);
        }
    }

    private static String digest(Cli ran) {
        assertThat(ran.code()).as(ran.err()).isZero();
        return RecordCodec.read(ran.json(), Report.class).model().outputDigest();
    }

    private void awaitBlocks(int count, CompletableFuture<Cli> command) {
        int made = Await.within(PATIENCE, count + " blocks")
                .until(this::blocks, blocks -> blocks >= count || command.isDone());
        assertThat(made).isGreaterThanOrEqualTo(count);
    }

    private int blocks() throws IOException {
        Path artifacts = data.resolve("store/t/default/artifacts");
        if (!Files.exists(artifacts)) {
            return 0;
        }
        // Names only: temporary files come and go while a folder is read.
        try (Stream<Path> files = Files.list(artifacts)) {
            return (int) files.filter(file -> file.getFileName().toString().startsWith("block-"))
                    .count();
        }
    }

    private static void awaitLine(Path file, String text) {
        Await.within(PATIENCE, text + " in " + file).until(() -> Files.readString(file), said -> said.contains(text));
    }

    private static void signal(ProcessHandle process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }
}
