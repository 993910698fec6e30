package dev.quern.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owner of one PostgreSQL server: a folder, a child process, a loopback port. A server that an earlier owner left
 * running on the folder is stopped first. Writes are durable (fsync on); connections need the generated password
 * (scram).
 */
public final class PostgresServer implements AutoCloseable {
    public static final String USER = "quern";
    public static final String DATABASE = "quern";

    private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
    private static final Duration STARTUP = Duration.ofSeconds(60);
    private static final int PID_LINE = 0;
    private static final int STATUS_LINE = 7;

    private static final int LOG_LINES = 20;
    /**
     * The children of a server that was killed hold its memory until they notice, and no other server starts beside
     * them.
     */
    private static final String OLD_MEMORY = "pre-existing shared memory block";

    private static final String NO_PORT = "could not create any TCP/IP sockets";

    private final Path home;
    private final Path data;
    private final PostgresBinaries binaries;
    private final Identity identity;
    private volatile int port;
    private final String password;
    private Process process;
    /** The bytes of the log before the process. */
    private long before;

    private PostgresServer(Path home, PostgresBinaries binaries, Identity identity, Cluster cluster, int port)
            throws IOException {
        this.home = home;
        this.data = cluster.data();
        this.binaries = binaries;
        this.identity = identity;
        this.password = cluster.password();
        this.port = port;
        this.process = launch();
    }

    /**
     * Starts the server of a folder, initialising it the first time.
     *
     * @param home holds the cluster, its password and its log; made if it does not exist
     * @param cache where the programs are unpacked; may be shared
     * @throws IllegalStateException when the server does not start, with the end of its log
     */
    public static PostgresServer start(Path home, Path cache) {
        try {
            return start(home, cache, freePort());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start PostgreSQL in " + home, e);
        }
    }

    /** @param port is given up for another one where somebody else has it by now */
    static PostgresServer start(Path home, Path cache, int port) {
        try {
            Path absolute = Files.createDirectories(home).toRealPath();
            PostgresBinaries binaries =
                    PostgresBinaries.in(Files.createDirectories(cache).toRealPath());
            Identity identity = Identity.reaching(absolute, binaries.root());
            Cluster cluster = Cluster.in(absolute, binaries, identity);
            stopLeftBehind(cluster.data(), binaries, identity);
            PostgresServer server = new PostgresServer(absolute, binaries, identity, cluster, port);
            server.awaitReady(true);
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start PostgreSQL in " + home, e);
        }
    }

    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + DATABASE;
    }

    public String password() {
        return password;
    }

    /** The server's version, for example {@code 18}: a data folder of another one cannot be opened. */
    public String version() {
        try {
            return Cluster.version(data);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    /** Whether the server process lives, asked now. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Completes when the server process ends, by {@link #close()} or otherwise: soon after, on another thread. */
    public CompletableFuture<Process> onExit() {
        return process.onExit();
    }

    /** Starts a server that died again, on the same port, so that connection pools find it. */
    public synchronized void restart() {
        try {
            stopLeftBehind(data, binaries, identity);
            process = launch();
            awaitReady(false);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot restart PostgreSQL in " + home, e);
        }
    }

    /** Disconnects clients, writes a checkpoint, stops. */
    @Override
    public synchronized void close() {
        if (!process.isAlive()) {
            return;
        }
        try {
            stop("fast");
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private Process launch() throws IOException {
        List<String> command = identity.command(
                binaries.program("postgres"),
                "-D",
                data.toString(),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "port=" + port,
                "-c",
                "unix_socket_directories=",
                "-c",
                "fsync=on",
                "-c",
                "max_connections=60",
                "-c",
                "shared_buffers=32MB",
                "-c",
                "log_timezone=UTC");
        Path log = home.resolve("server.log");
        before = Files.exists(log) ? Files.size(log) : 0;
        return new ProcessBuilder(command)
                .directory(data.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /** @param anyPort nobody knows the port yet */
    private void awaitReady(boolean anyPort) throws IOException {
        long deadline = System.nanoTime() + STARTUP.toNanos();
        while (!ready()) {
            boolean inTime = System.nanoTime() < deadline;
            if (inTime && !process.isAlive() && says(OLD_MEMORY)) {
                process = launch();
            } else if (inTime && !process.isAlive() && anyPort && says(NO_PORT)) {
                port = freePort();
                process = launch();
            } else if (!inTime || !process.isAlive()) {
                process.destroyForcibly();
                throw new IllegalStateException("PostgreSQL did not start in " + home + ": " + tail(LOG_LINES));
            }
            pause();
        }
        LOG.info("PostgreSQL {} on 127.0.0.1:{}, pid {}", version(), port, process.pid());
    }

    /** As pg_ctl does: the postmaster writes its pid and then "ready" into its pid file. */
    private boolean ready() throws IOException {
        List<String> lines = pidFile(data);
        return lines.size() > STATUS_LINE
                && lines.get(PID_LINE).strip().equals(String.valueOf(process.pid()))
                && lines.get(STATUS_LINE).strip().equals("ready");
    }

    private void stop(String mode) throws IOException, InterruptedException {
        Commands.run(identity.command(
                binaries.program("pg_ctl"), "stop", "-D", data.toString(), "-m", mode, "-w", "-t", "30"));
    }

    private static void stopLeftBehind(Path data, PostgresBinaries binaries, Identity identity) throws IOException {
        Optional<ProcessHandle> left = leftBehind(data);
        if (left.isEmpty()) {
            return;
        }
        LOG.warn(
                "stopping the PostgreSQL server {} that was left behind on {}",
                left.get().pid(),
                data);
        Commands.run(identity.command(
                binaries.program("pg_ctl"), "stop", "-D", data.toString(), "-m", "fast", "-w", "-t", "30"));
        left.filter(ProcessHandle::isAlive).ifPresent(ProcessHandle::destroyForcibly);
    }

    /** The live postmaster of the folder; a pid that now belongs to another program is none. */
    private static Optional<ProcessHandle> leftBehind(Path data) throws IOException {
        List<String> lines = pidFile(data);
        if (lines.isEmpty()) {
            return Optional.empty();
        }
        return ProcessHandle.of(Long.parseLong(lines.get(PID_LINE).strip()))
                .filter(ProcessHandle::isAlive)
                .filter(handle -> handle.info().command().orElse("").endsWith("/postgres"));
    }

    private static List<String> pidFile(Path data) throws IOException {
        try {
            return Files.readAllLines(data.resolve("postmaster.pid"));
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /**
     * Since the present process was launched. Children of the one before write to the same log, however many they are.
     */
    private boolean says(String words) throws IOException {
        byte[] log = Files.readAllBytes(home.resolve("server.log"));
        int from = (int) Math.min(before, log.length);
        return new String(log, from, log.length - from, StandardCharsets.UTF_8).contains(words);
    }

    /** The end of the log. */
    private String tail(int count) throws IOException {
        List<String> lines = Files.readAllLines(home.resolve("server.log"));
        return String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(50);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while PostgreSQL started", e);
        }
    }
}
