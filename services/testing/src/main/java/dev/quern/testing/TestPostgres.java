package dev.quern.testing;

import dev.quern.postgres.PostgresServer;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An empty database of a test's own: on a server that it starts, or on the real one of external tests. */
public final class TestPostgres implements AutoCloseable {
    private final @Nullable PostgresServer server;
    private final String jdbcUrl;
    private final String user;
    private final String password;

    private TestPostgres(@Nullable PostgresServer server, String jdbcUrl, String user, String password) {
        this.server = server;
        this.jdbcUrl = jdbcUrl;
        this.user = user;
        this.password = password;
    }

    /**
     * @param home of a server that is started here
     * @param cache of its programs
     */
    public static TestPostgres start(Path home, Path cache) {
        if (TestBackends.external()) {
            return createDatabase();
        }
        PostgresServer server = PostgresServer.start(home, cache);
        return new TestPostgres(server, server.jdbcUrl(), PostgresServer.USER, server.password());
    }

    public String jdbcUrl() {
        return jdbcUrl;
    }

    public String user() {
        return user;
    }

    public String password() {
        return password;
    }

    /** The server dies as by kill -9; then its owner starts it again on the same port. */
    public void killAndRestart() throws Exception {
        if (server == null) {
            TestBackends.killAndRestart("postgres");
            return;
        }
        ProcessHandle.of(server.pid()).orElseThrow().destroyForcibly();
        server.onExit().get(1, TimeUnit.MINUTES);
        server.restart();
    }

    /**
     * Starts a server of this test that has died by itself, or is about to.
     *
     * @throws IllegalStateException when it does not start, with the end of its log
     */
    public void startAgain() throws Exception {
        if (server == null) {
            throw new UnsupportedOperationException("a server of its own");
        }
        server.onExit().get(1, TimeUnit.MINUTES);
        server.restart();
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        } else {
            administrate("DROP DATABASE " + name() + " WITH (FORCE)");
        }
    }

    private String name() {
        return jdbcUrl.substring(jdbcUrl.lastIndexOf('/') + 1);
    }

    private static TestPostgres createDatabase() {
        byte[] bits = new byte[8];
        new SecureRandom().nextBytes(bits);
        String name = "quern_test_" + HexFormat.of().formatHex(bits);
        administrate("CREATE DATABASE " + name);
        String url = TestBackends.required("QUERN_TEST_POSTGRES_URL");
        return new TestPostgres(
                null,
                url.substring(0, url.lastIndexOf('/') + 1) + name,
                TestBackends.required("QUERN_TEST_POSTGRES_USER"),
                TestBackends.required("QUERN_TEST_POSTGRES_PASSWORD"));
    }

    private static void administrate(String sql) {
        try (Connection connection = DriverManager.getConnection(
                        TestBackends.required("QUERN_TEST_POSTGRES_URL"),
                        TestBackends.required("QUERN_TEST_POSTGRES_USER"),
                        TestBackends.required("QUERN_TEST_POSTGRES_PASSWORD"));
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }
}
