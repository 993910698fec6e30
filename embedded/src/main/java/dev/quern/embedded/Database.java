package dev.quern.embedded;

import dev.quern.postgres.PostgresServer;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PostgreSQL server of a stack. It is started again when it dies: on a full disk, for one, that takes until there
 * is room. While it does not stay alive it has a {@link #trouble}.
 */
final class Database implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final Duration PAUSE = Duration.ofSeconds(5);
    /** A server that lived this long was well. */
    private static final Duration HEALTHY = Duration.ofMinutes(1);
    /** So many deaths of servers that were not well yet are no accident. */
    private static final int NO_ACCIDENT = 3;

    private final PostgresServer server;
    private final Path logFile;
    /** By {@link System#nanoTime}. */
    private long started = System.nanoTime();

    private long nextStart = System.nanoTime();
    private int deaths;
    private volatile String trouble = "";

    /** @param logFile of the server: where the reader of a trouble finds more */
    Database(PostgresServer server, Path logFile) {
        this.server = server;
        this.logFile = logFile;
    }

    String jdbcUrl() {
        return server.jdbcUrl();
    }

    String password() {
        return server.password();
    }

    /** Why the server does not stay alive, in one sentence; empty while it does. */
    Optional<String> trouble() {
        return Optional.of(trouble).filter(sentence -> !sentence.isEmpty());
    }

    /**
     * Starts a server that has died, unless that failed a moment ago. Call often.
     *
     * @throws IllegalStateException when it does not start
     * @throws UncheckedIOException likewise
     */
    void keep() {
        long now = System.nanoTime();
        boolean well = now - started > HEALTHY.toNanos();
        if (server.isAlive()) {
            deaths = well ? 0 : deaths;
            trouble = well ? "" : trouble;
        } else if (now - nextStart > 0) {
            deaths = well ? 1 : deaths + 1;
            restart();
        }
    }

    private void restart() {
        LOG.warn("PostgreSQL died: it is started again");
        try {
            server.restart();
            started = System.nanoTime();
            if (deaths >= NO_ACCIDENT) {
                say("PostgreSQL ended " + deaths + " times soon after its start");
                rest();
            }
        } catch (IllegalStateException | UncheckedIOException e) {
            LOG.error("PostgreSQL does not start, next attempt in {} s", PAUSE.toSeconds(), e);
            say(String.valueOf(e.getMessage()).lines().findFirst().orElse("PostgreSQL does not start"));
            rest();
            throw e;
        }
    }

    private void say(String sentence) {
        trouble = sentence + " (log: " + logFile + ")";
    }

    private void rest() {
        nextStart = System.nanoTime() + PAUSE.toNanos();
    }

    @Override
    public void close() {
        server.close();
    }
}
