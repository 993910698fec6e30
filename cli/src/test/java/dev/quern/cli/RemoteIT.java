package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.cli.WeakLink.Passed;
import dev.quern.cli.client.Api;
import dev.quern.cli.compress.Upload;
import dev.quern.cli.console.Console;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model and a server on two machines: it goes up and its result comes down, over a network that breaks. */
class RemoteIT {
    /** Three parts, the last of them small. */
    private static final int LARGE = (16 << 20) + 12_345;

    @TempDir
    Path folder;

    private TestStack stack;
    private WeakLink link;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        stack = TestStack.start(2);
        link = WeakLink.to(stack.lease().stack().url());
    }

    @AfterEach
    void stop() throws IOException, InterruptedException {
        link.close();
        stack.close();
    }

    @Test
    void anUploadGoesOnWithThePartsThatAreMissing() throws Exception {
        Path model = largeModel();
        AtomicInteger puts = new AtomicInteger();
        link.refuse(Integer.MAX_VALUE, what -> what.startsWith("PUT ") && puts.incrementAndGet() > 2);

        assertThatThrownBy(() -> upload(model))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAVAILABLE))
                .hasMessageContaining("could not be sent: HTTP 503")
                .hasMessageContaining("run the same command again to resume");
        long first = sent();
        assertThat(first).isPositive();
        link.refuse(0, what -> false);

        upload(model);

        assertThat(sent()).isEqualTo(bytes(model));
        link.forget();
        upload(model);
        assertThat(sent()).as("a model that is there is not sent").isZero();
    }

    @Test
    void textsGoUpWithTheModelAndAreFoundAgain() throws IOException {
        Path calibration = Files.writeString(
                folder.resolve("mine.jsonl"),
                "{\"text\": \"Call me Ishmael. Some years ago, never mind how long.\"}\n".repeat(200));
        Path evaluation = Files.writeString(
                folder.resolve("held out (1).txt"),
                "It was the best of times, it was the worst of times. ".repeat(100));
        String[] command = {
            "compress",
            Cli.TINY.toString(),
            "--recipe",
            "gptq-w4a16",
            "--samples",
            "16",
            "--seq-len",
            "128",
            "--eval-windows",
            "4",
            "--calibration",
            calibration.toString(),
            "--evaluate",
            evaluation.toString(),
            "--server",
            link.url(),
            "--key-file",
            key(),
            "--output",
            "json",
            "--out",
            folder.resolve("out").toString()
        };

        Cli ran = Cli.run(command);

        assertThat(ran.code()).as(ran.err()).isZero();
        Report report = RecordCodec.read(ran.json(), Report.class);
        assertThat(report.calibration().source()).isEqualTo("mine.jsonl");
        assertThat(report.evaluations().getFirst().file()).isEqualTo("held_out__1_.txt");
        assertThat(sent()).isGreaterThanOrEqualTo(Files.size(calibration) + Files.size(evaluation));
        link.forget();
        command[command.length - 1] = folder.resolve("again").toString();
        assertThat(Cli.run(command).code()).isZero();
        assertThat(sent()).as("what the server has").isZero();
    }

    @Test
    void aResultComesDownThroughABrokenNetwork() throws IOException {
        Path out = folder.resolve("out");
        Cli submitted = stack.compress(Cli.TINY, "--recipe", "rtn-w4a16", "--detach", "--output", "json");
        assertThat(submitted.code()).as(submitted.err()).isZero();
        String id = RecordCodec.read(submitted.json(), JobView.class).id();
        assertThat(Cli.run("jobs", "watch", id, "--data", stack.data().toString())
                        .code())
                .isZero();
        link.cut(2, 5_000, what -> what.matches("GET .*/files/model.*safetensors"));

        Cli ran = Cli.run("jobs", "download", id, "--out", out.toString(), "--server", link.url(), "--key-file", key());

        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(link.passed()).anyMatch(passed -> passed.range().matches("bytes=[1-9]\\d*-"));
        assertThat(Cli.run("verify", out.toString()).code()).isZero();
        assertThat(names(folder)).containsExactly("out");
    }

    @Test
    void aWrongKeyIsRefused() throws IOException {
        Cli ran = Cli.run(
                "jobs",
                "list",
                "--server",
                link.url(),
                "--key-file",
                Files.writeString(folder.resolve("key"), "quern_wrong").toString());

        assertThat(ran.code()).isEqualTo(77);
        assertThat(ran.err()).doesNotContain("quern_wrong");
    }

    private String key() {
        return stack.data().resolve("token").toString();
    }

    /** As {@code quern compress --server} does before it submits. */
    private void upload(Path model) throws InterruptedException {
        Console console = new Console(
                new PrintStream(OutputStream.nullOutputStream(), false, UTF_8),
                new PrintStream(OutputStream.nullOutputStream(), false, UTF_8),
                false,
                true,
                false,
                false);
        try (Api api = new Api(URI.create(link.url()), stack.lease().token())) {
            Upload.of(model, folder.resolve("digests.json"), console).send(api, console);
        }
    }

    /** Bytes of the files that belong to the model: its card is not sent, because the result gets one of its own. */
    private static long bytes(Path model) throws IOException {
        try (Stream<Path> files = Files.list(model)) {
            return files.filter(file -> !file.endsWith("README.md"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** Bytes of parts that arrived. */
    private long sent() {
        return link.passed().stream()
                .filter(passed -> passed.method().equals("PUT") && passed.status() / 100 == 2)
                .mapToLong(Passed::sent)
                .sum();
    }

    /** A small model beside a file that takes several parts. */
    private Path largeModel() throws IOException {
        Path model = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(Cli.TINY)) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
        byte[] text = new byte[LARGE];
        new Random(1).nextBytes(text);
        Files.write(model.resolve("LICENSE"), text);
        return model;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
