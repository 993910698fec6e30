package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackLauncher;
import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A data folder with the stack that runs on it; close() ends the stack and waits until its processes have gone. */
final class TestStack implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private final Path data;
    private final StackLease lease;

    private TestStack(Path data, StackLease lease) {
        this.data = data;
        this.lease = lease;
    }

    static TestStack start(int threads) throws IOException, InterruptedException {
        // A name that has to be encoded in addresses.
        return on(Files.createTempDirectory("quern-it ü-"), threads);
    }

    static TestStack on(Path data, int threads) throws InterruptedException {
        StackOptions options = StackOptions.standard().withThreads(threads);
        return new TestStack(data, new StackLauncher(new DataFolder(data), options, line -> {}).acquire());
    }

    Path data() {
        return data;
    }

    StackLease lease() {
        return lease;
    }

    /** A small request: what takes long in a real one takes seconds here. */
    Cli compress(Path model, String... options) {
        return compress(model, 16, 128, options);
    }

    private Cli compress(Path model, int samples, int seqLen, String... options) {
        List<String> arguments = new ArrayList<>(
                List.of("compress", model.toString(), "--data", data.toString(), "--eval-windows", "4"));
        arguments.addAll(List.of("--samples", Integer.toString(samples), "--seq-len", Integer.toString(seqLen)));
        if (!List.of(options).contains("--out")) {
            arguments.addAll(
                    List.of("--out", data.resolve("out-" + UUID.randomUUID()).toString()));
        }
        arguments.addAll(List.of(options));
        return Cli.run(arguments);
    }

    /** A job on the committed model that nobody waits for. */
    JobView submit(int samples, int seqLen, String... options) {
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("--detach", "--output", "json"));
        Cli submitted = compress(Cli.TINY, samples, seqLen, all.toArray(String[]::new));
        assertThat(submitted.code()).as(submitted.err()).isZero();
        return RecordCodec.read(submitted.json(), JobView.class);
    }

    Cli jobs(String action, String id, String... options) {
        List<String> arguments = new ArrayList<>(List.of("jobs", action, id, "--data", data.toString()));
        arguments.addAll(List.of(options));
        return Cli.run(arguments);
    }

    JobView show(String id) {
        Cli shown = jobs("show", id, "--output", "json");
        assertThat(shown.code()).as(shown.err()).isZero();
        return RecordCodec.read(((JsonObject) shown.json()).without("reports"), JobView.class);
    }

    JobView await(String id, Predicate<JobView> condition) {
        return Await.within(PATIENCE, "job " + id).until(() -> show(id), condition);
    }

    ProcessHandle process() {
        return ProcessHandle.of(lease.stack().pid()).orElseThrow();
    }

    /** The live processes that the stack started, of this program. */
    List<ProcessHandle> children(String program) {
        return process()
                .children()
                .filter(child -> child.info().command().orElse("").endsWith("/" + program))
                .toList();
    }

    static void await(ProcessHandle process) {
        try {
            Await.within(PATIENCE, "the end of process " + process.pid() + ", " + process.info())
                    .until(() -> !process.isAlive());
        } finally {
            process.destroyForcibly();
        }
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all =
                new ArrayList<>(ProcessHandle.of(lease.stack().pid()).stream().toList());
        all.stream().flatMap(ProcessHandle::descendants).toList().forEach(all::add);
        lease.close();
        for (ProcessHandle process : all) {
            await(process);
        }
        delete(data);
    }

    /** Waits for the stack of a folder, which nobody needs any more, to end, and deletes the folder. */
    static void end(Path folder) throws IOException {
        new DataFolder(folder)
                .stack()
                .flatMap(stack -> ProcessHandle.of(stack.pid()))
                .ifPresent(TestStack::await);
        // One that was on its way out has taken its address back already, and still writes.
        if (Files.exists(folder.resolve("lock"))) {
            try (FileChannel lock = FileChannel.open(folder.resolve("lock"), StandardOpenOption.WRITE)) {
                Await.within(PATIENCE, "the end of the stack on " + folder).until(() -> lock.tryLock() != null);
            }
        }
        delete(folder);
    }

    static void delete(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
