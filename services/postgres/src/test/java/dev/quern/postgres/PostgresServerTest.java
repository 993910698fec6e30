package dev.quern.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresServerTest {
    private static final Path CACHE = Path.of("target", "postgres-cache");

    @TempDir
    Path home;

    @Test
    void keepsItsRowsOverARestart() throws SQLException {
        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            update(server, "CREATE TABLE seed AS SELECT 42 AS answer");
        }
        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            assertThat(query(server, "SELECT answer FROM seed")).isEqualTo("42");
            assertThat(query(server, "SHOW fsync")).isEqualTo("on");
            assertThat(query(server, "SHOW listen_addresses")).isEqualTo("127.0.0.1");
        }
    }

    /** A port that was free a moment ago. */
    @Test
    void takesAnotherPortWhereSomebodyWasFaster() throws Exception {
        try (ServerSocket faster = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                PostgresServer server = PostgresServer.start(home, CACHE, faster.getLocalPort())) {
            assertThat(server.jdbcUrl()).doesNotContain(":" + faster.getLocalPort() + "/");
            update(server, "CREATE TABLE seed AS SELECT 1 AS answer");
        }
    }

    @Test
    void asksForThePassword() {
        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            assertThatThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), PostgresServer.USER, "guess"))
                    .hasMessageContaining("password authentication failed");
        }
    }

    /** An owner killed with -9 leaves its server alive; two servers on one folder would destroy it. */
    @Test
    void stopsAServerThatWasLeftBehind() throws SQLException {
        PostgresServer lost = PostgresServer.start(home, CACHE);
        update(lost, "CREATE TABLE seed AS SELECT 7 AS answer");

        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            assertThat(lost.onExit()).succeedsWithin(1, TimeUnit.MINUTES);
            assertThat(query(server, "SELECT answer FROM seed")).isEqualTo("7");
        }
    }

    @Test
    void comesBackOnTheSamePortAfterItWasKilled() throws Exception {
        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            update(server, "CREATE TABLE seed AS SELECT 3 AS answer");
            String url = server.jdbcUrl();
            ProcessHandle.of(server.pid()).orElseThrow().destroyForcibly();
            server.onExit().get(1, TimeUnit.MINUTES);

            server.restart();

            assertThat(server.jdbcUrl()).isEqualTo(url);
            assertThat(query(server, "SELECT answer FROM seed")).isEqualTo("3");
        }
    }

    /** A child that has not noticed yet keeps the memory of the server that was killed. */
    @Test
    void waitsForTheChildrenOfAServerThatWasKilled() throws Exception {
        try (PostgresServer server = PostgresServer.start(home, CACHE)) {
            ProcessHandle killed = ProcessHandle.of(server.pid()).orElseThrow();
            ProcessHandle child = killed.children().findFirst().orElseThrow();
            signal("STOP", child);
            CompletableFuture<Void> restart;
            try {
                killed.destroyForcibly();
                server.onExit().get(1, TimeUnit.MINUTES);
                assertThat(server.isAlive()).isFalse();
                restart = CompletableFuture.runAsync(server::restart);
                Path log = home.resolve("server.log");
                await(() -> {
                    say(log);
                    return Files.readString(log).split("pre-existing shared memory block", -1).length > 3;
                });
                assertThat(restart).isNotDone();
            } finally {
                child.destroyForcibly();
            }

            assertThat(restart).succeedsWithin(1, TimeUnit.MINUTES);
            assertThat(query(server, "SELECT 1")).isEqualTo("1");
        }
    }

    /** Ten of a pool that notice that their server has died say so after the next one has said why it cannot start. */
    private static void say(Path log) throws IOException {
        String line = "FATAL:  terminating connection due to unexpected postmaster exit\n";
        Files.writeString(log, line.repeat(10), StandardOpenOption.APPEND);
    }

    @Test
    void ofTwoThatUnpackTheProgramsBothFindThem() throws IOException {
        Path root = home.resolve("programs");
        for (String who : List.of("first", "second")) {
            Path unpacked = Files.createDirectory(home.resolve(who));
            Files.writeString(unpacked.resolve("postgres"), "the same");

            PostgresBinaries.publish(unpacked, root);

            assertThat(root.resolve("postgres")).hasContent("the same");
        }
    }

    private static void signal(String name, ProcessHandle process) throws Exception {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    private static void await(Callable<Boolean> look) throws Exception {
        long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (!look.call()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    @Test
    void refusesAFolderOfAnotherVersionByName() throws Exception {
        PostgresServer.start(home, CACHE).close();
        Files.writeString(home.resolve("data/PG_VERSION"), "9\n");

        assertThatThrownBy(() -> PostgresServer.start(home, CACHE)).hasMessageContaining("PostgreSQL 9 (expected: ");
    }

    private static void update(PostgresServer server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private static String query(PostgresServer server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            assertThat(row.next()).isTrue();
            return row.getString(1);
        }
    }

    private static Connection connect(PostgresServer server) throws SQLException {
        return DriverManager.getConnection(server.jdbcUrl(), PostgresServer.USER, server.password());
    }
}
