package dev.quern.proofs;

import dev.quern.cli.Main;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * An embedded stack as {@code quern up} runs it, on a data folder of its own, from the jars that the launcher takes. Its processes can be
 * held at a fail point and killed; a stack whose main process died is started again, as somebody at a keyboard would.
 */
final class Installation implements AutoCloseable {
    static final Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    private static final Path CLI = CHECKOUT.resolve("cli/target");
    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration GONE = Duration.ofMinutes(1);

    private final Path base;
    private final DataFolder data;
    private final List<String> before;
    private final int workers;
    private final Set<ProcessHandle> born = new HashSet<>();
    private volatile Process command;

    Installation(int workers) throws IOException, InterruptedException {
        this(List.of(), workers);
    }

    /** @param before words before the commands, such as those of {@code taskset} */
    Installation(List<String> before, int workers) throws IOException, InterruptedException {
        base = Files.createTempDirectory("quern-proof-");
        // PostgreSQL may run as another user.
        Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rwx--x--x"));
        data = new DataFolder(base.resolve("data"));
        this.before = before;
        this.workers = workers;
        command = start();
        // A stack ends with its command; a proof that is interrupted leaves none behind.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> command.destroy()));
        require(Patience.until(READY, () -> stack().isPresent()), "it did not come up: " + log());
    }

    private Process start() throws IOException {
        List<String> up =
                List.of("up", "--port", "0", "--workers", Integer.toString(workers), "--threads", "1", "--data");
        return quern(
                Stream.concat(up.stream(), Stream.of(data.path().toString())).toList());
    }

    /** A worker beside those of the stack, as typed by hand. The caller ends it. */
    Process join(int threads) throws IOException {
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
        List<String> words = new ArrayList<>(before);
        words.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-Dquern.archive=" + CLI.resolve("stack.jsa"),
                Main.class.getName()));
        words.addAll(arguments);
        ProcessBuilder command = new ProcessBuilder(words);
        command.environment().put("CLASSPATH", CLI.resolve("lib") + "/*:" + CLI.resolve("quern-cli.jar"));
        command.environment().put("QUERN_FAILPOINT", "@" + failPoint());
        return command.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .start();
    }

    /** Empty while none runs. */
    Optional<StackInfo> stack() {
        return data.stack().filter(stack -> ProcessHandle.of(stack.pid()).isPresent());
    }

    /** The key of the API. */
    String token() throws IOException {
        return Files.readString(data.path().resolve("token")).strip();
    }

    Path store() {
        return data.path().resolve("store");
    }

    Path log() {
        return base.resolve("up.log");
    }

    /** From now on a process that passes this place stands still there. */
    void arm(String place) throws IOException {
        Path draft = base.resolve("place.new");
        Files.writeString(draft, place);
        Files.move(draft, failPoint());
    }

    boolean held() {
        return Files.exists(heldMark());
    }

    /** Lets go whoever is held, and holds nobody from now on. */
    void release() throws IOException {
        Files.deleteIfExists(failPoint());
        Files.deleteIfExists(heldMark());
    }

    private Path failPoint() {
        return base.resolve("place");
    }

    private Path heldMark() {
        return base.resolve("place.held");
    }

    /** Kills a process and starts what nobody else starts again. */
    void kill(Victim victim) throws IOException, InterruptedException {
        ProcessHandle main = main();
        born.add(main);
        main.descendants().forEach(born::add);
        ProcessHandle process = switch (victim) {
            case MAIN -> main;
            case WORKER -> child(main, "java");
            case POSTGRES -> child(main, "postgres");
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

    /** The processes of earlier lives that have outlived their stack; they have a minute to go. */
    List<ProcessHandle> orphans() throws InterruptedException {
        ProcessHandle main = main();
        Set<ProcessHandle> earlier = new HashSet<>(born);
        earlier.remove(main);
        main.descendants().forEach(earlier::remove);
        Patience.until(GONE, () -> earlier.stream().noneMatch(ProcessHandle::isAlive));
        return earlier.stream().filter(ProcessHandle::isAlive).toList();
    }

    /** Ends the command: the stack, which nobody needs then, ends by itself. */
    @Override
    public void close() throws IOException, InterruptedException {
        ProcessHandle main = main();
        List<ProcessHandle> all =
                Stream.concat(Stream.of(main), main.descendants()).toList();
        command.destroy();
        boolean gone = Patience.until(GONE, () -> all.stream().noneMatch(ProcessHandle::isAlive));
        all.forEach(ProcessHandle::destroyForcibly);
        require(gone, "processes did not end: " + all);
        try (Stream<Path> files = Files.walk(base)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new IllegalStateException(message);
        }
    }
}
