package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.embedded.DataFolder;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.report.Report;
import dev.quern.testing.Await;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * kill -9 in the middle of a job: the same command continues to its end, what was committed is not made again, and the
 * result has the bytes of an undisturbed run.
 */
class KillIT {
    private static final String[] REQUEST = {
        "compress",
        Cli.TINY.toString(),
        "--samples",
        "64",
        "--seq-len",
        "512",
        "--eval-windows",
        "4",
        "--output",
        "json"
    };

    private static String undisturbed = "";

    private Path data;

    @BeforeEach
    void dataFolder() throws IOException {
        data = Files.createTempDirectory("quern-it-");
        if (undisturbed.isEmpty()) {
            Path other = Files.createTempDirectory("quern-it-");
            undisturbed = digest(compress(other).join());
            TestStack.end(other);
        }
    }

    @AfterEach
    void end() throws IOException {
        TestStack.end(data);
    }

    @Test
    @Tag("slow")
    void killingTheWorkerCostsNothingThatWasCommitted() throws Exception {
        killInTheMiddle(stack -> child(stack, "java"));
    }

    @Test
    void killingTheMainProcessCostsNothingThatWasCommitted() throws Exception {
        killInTheMiddle(stack -> stack);
    }

    @Test
    @Tag("slow")
    void killingPostgresCostsNothingThatWasCommitted() throws Exception {
        killInTheMiddle(stack -> child(stack, "postgres"));
    }

    /** As on a disk that is full: it starts again once it can. */
    @Test
    @Tag("slow")
    void aDatabaseThatDoesNotStartForAWhileCostsNothingThatWasCommitted() throws Exception {
        Path cluster = data.resolve("pg/data");
        Path away = data.resolve("pg/away");
        CompletableFuture<Void> back = new CompletableFuture<>();
        killInTheMiddle(stack -> {
            move(cluster, away);
            back.completeAsync(() -> {
                Await.within(Duration.ofMinutes(1), "a start that failed")
                        .until(() ->
                                Files.readString(data.resolve("logs/stack.log")).contains("PostgreSQL does not start"));
                move(away, cluster);
                return null;
            });
            return child(stack, "postgres");
        });
        back.join();
    }

    @Test
    void aWorkerThatRunsOutOfMemoryCostsNothingThatWasCommitted() throws Exception {
        runOutOfMemory(Hold.AT_SECOND_BLOCK, "worker-1 ran out of memory (limit ");
    }

    @Test
    @Tag("slow")
    void aStackThatRunsOutOfMemoryCostsNothingThatWasCommitted() throws Exception {
        runOutOfMemory("publish.before", "the stack ran out of memory (limit 1024 MB); starting the stack on ");
    }

    private void runOutOfMemory(String place, String said) throws Exception {
        CompletableFuture<Cli> command;
        Map<Path, Object> committed;
        try (Hold memory = Hold.at(place + "/memory")) {
            command = compress(data);
            memory.await();
            committed = blocks();
        }

        Cli ran = command.join();
        assertThat(digest(ran)).isEqualTo(undisturbed);
        assertThat(ran.err()).contains(said);
        assertThat(committed).isNotEmpty();
        assertThat(blocks()).containsAllEntriesOf(committed);
    }

    private static void move(Path from, Path to) {
        try {
            Files.move(from, to);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private interface Victim {
        ProcessHandle of(ProcessHandle stack);
    }

    private void killInTheMiddle(Victim victim) throws Exception {
        CompletableFuture<Cli> command;
        Map<Path, Object> committed;
        ProcessHandle stack;
        List<ProcessHandle> orphans;
        try (Hold middle = Hold.at(Hold.AT_SECOND_BLOCK)) {
            command = compress(data);
            middle.await();
            committed = blocks();
            assertThat(committed).isNotEmpty();
            stack = ProcessHandle.of(new DataFolder(data).stack().orElseThrow().pid())
                    .orElseThrow();
            orphans = stack.children().toList();

            assertThat(victim.of(stack).destroyForcibly()).isTrue();
        }

        Cli ran = command.join();
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(digest(ran)).isEqualTo(undisturbed);
        assertThat(blocks()).containsAllEntriesOf(committed);
        if (!stack.isAlive()) {
            for (ProcessHandle orphan : orphans) {
                TestStack.await(orphan);
            }
        }
    }

    private CompletableFuture<Cli> compress(Path folder) {
        List<String> arguments = new ArrayList<>(List.of(REQUEST));
        arguments.addAll(List.of("--data", folder.toString()));
        arguments.addAll(
                List.of("--out", folder.resolve("out-" + UUID.randomUUID()).toString()));
        return CompletableFuture.supplyAsync(() -> Cli.run(arguments));
    }

    private static String digest(Cli ran) {
        assertThat(ran.code()).as(ran.err()).isZero();
        return RecordCodec.read(ran.json(), Report.class).model().outputDigest();
    }

    private static ProcessHandle child(ProcessHandle stack, String program) {
        return stack.children()
                .filter(child -> child.info().command().orElse("").endsWith("/" + program))
                .findFirst()
                .orElseThrow();
    }

    /** Block artifacts of the store, each with its inode: an artifact that is made again has another one. */
    private Map<Path, Object> blocks() throws IOException {
        Path artifacts = data.resolve("store/t/default/artifacts");
        if (!Files.exists(artifacts)) {
            return Map.of();
        }
        Map<Path, Object> blocks = new TreeMap<>();
        // Only these: streams and temporary files come and go while a folder is read.
        try (DirectoryStream<Path> files = Files.newDirectoryStream(artifacts, "block-*")) {
            for (Path file : files) {
                blocks.put(
                        file,
                        Files.readAttributes(file, BasicFileAttributes.class).fileKey());
            }
        }
        return blocks;
    }
}
