package dev.quern.proofs;

import dev.quern.cli.Main;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackInfo;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** An embedded stack as {@code quern up} runs it, on a data folder of its own. */
final class EmbeddedInstallation implements Installation {
    static final Set<Victim> VICTIMS = EnumSet.of(Victim.WORKER, Victim.MAIN, Victim.POSTGRES);

    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration GONE = Duration.ofMinutes(1);

    private final Programs programs;
    private final Path base = Programs.folder();
    private final DataFolder data = new DataFolder(base.resolve("data"));
    private final Place place = new Place(base.resolve("place"));
    private final int workers;
    private final Set<ProcessHandle> born = new HashSet<>();
    private volatile Process command;

    EmbeddedInstallation(List<String> before, int workers) throws IOException, InterruptedException {
        this.programs = new Programs(before);
        this.workers = workers;
        command = start();
        // A stack ends with its command; a proof that is interrupted leaves none behind.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> command.destroy()));
        Programs.require(Patience.until(READY, () -> stack().isPresent()), "it did not come up: " + log());
    }

    private Process start() throws IOException {
        List<String> up =
                List.of("up", "--port", "0", "--workers", Integer.toString(workers), "--threads", "1", "--data");
        return quern(
                Stream.concat(up.stream(), Stream.of(data.path().toString())).toList());
    }

    /** As typed by hand. */
    @Override
    public Process join(int threads) throws IOException {
        StackInfo stack = stack().orElseThrow();
        Process worker = quern(List.of(
                "worker",
                "--temporal",
                stack.temporal(),
                "--store",
                stack.store(),
                "--token-file",
                data.path().resolve("token").toString(),
                "--threads",
                Integer.toString(threads)));
        born.add(worker.toHandle());
        return worker;
    }

    private Process quern(List<String> arguments) throws IOException {
        return programs.start(
                log(),
                Map.of("QUERN_FAILPOINT", place.setting()),
                List.of("-Dquern.archive=" + Programs.CLI.resolve("stack.jsa")),
                Main.class.getName(),
                arguments);
    }

    private Optional<StackInfo> stack() {
        return data.stack().filter(stack -> ProcessHandle.of(stack.pid()).isPresent());
    }

    @Override
    public Optional<URI> api() {
        return stack().map(StackInfo::url).map(URI::create);
    }

    @Override
    public String token() throws IOException {
        return Files.readString(data.path().resolve("token")).strip();
    }

    @Override
    public Path store() {
        return data.path().resolve("store");
    }

    @Override
    public Place place() {
        return place;
    }

    private Path log() {
        return base.resolve("up.log");
    }

    @Override
    public void kill(Victim victim) throws IOException, InterruptedException {
        ProcessHandle main = main();
        born.add(main);
        main.descendants().forEach(born::add);
        ProcessHandle process = switch (victim) {
            case MAIN -> main;
            case WORKER -> child(main, "java");
            case POSTGRES -> child(main, "postgres");
            default -> throw new IllegalArgumentException("no such process here: " + victim);
        };
        process.destroyForcibly();
        process.onExit().join();
        if (victim == Victim.MAIN) {
            command.waitFor();
            command = start();
        }
    }

    private ProcessHandle main() {
        return stack().flatMap(stack -> ProcessHandle.of(stack.pid()))
                .orElseThrow(() -> new NoSuchElementException("no stack runs; " + log()));
    }

    private static ProcessHandle child(ProcessHandle main, String program) {
        return main.children()
                .filter(child -> child.info().command().orElse("").endsWith("/" + program))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException("no " + program + " runs under " + main.pid()));
    }

    @Override
    public List<ProcessHandle> orphans() throws InterruptedException {
        ProcessHandle main = main();
        Set<ProcessHandle> earlier = new HashSet<>(born);
        earlier.remove(main);
        main.descendants().forEach(earlier::remove);
        Patience.until(GONE, () -> Programs.gone(earlier));
        return earlier.stream().filter(ProcessHandle::isAlive).toList();
    }

    /** Ends the command: the stack, which nobody needs then, ends by itself. */
    @Override
    public void close() throws IOException, InterruptedException {
        ProcessHandle main = main();
        List<ProcessHandle> all =
                Stream.concat(Stream.of(main), main.descendants()).toList();
        command.destroy();
        boolean gone = Patience.until(GONE, () -> Programs.gone(all));
        all.forEach(ProcessHandle::destroyForcibly);
        Programs.require(gone, "processes did not end: " + all);
        Programs.delete(base);
    }
}
