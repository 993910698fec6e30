package dev.quern.jobs.installation;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Held by one process at a time: an advisory lock on a connection of its own. It is lost with the connection, so the
 * holder asks before each round of its work. Confined to one thread.
 */
public final class ExclusiveLock implements AutoCloseable {
    private static final String TAKE = "SELECT pg_try_advisory_lock(?)";
    private static final String RELEASE = "SELECT pg_advisory_unlock(?)";
    private static final int VALID_SECONDS = 5;

    private final DataSource source;
    private final long number;
    private @Nullable Connection holder;

    /** @param number of the lock */
    public ExclusiveLock(DataSource source, long number) {
        this.source = source;
        this.number = number;
    }

    /** True when this process holds the lock, from before or from now on. */
    public boolean held() throws SQLException {
        if (holder != null && holder.isValid(VALID_SECONDS)) {
            return true;
        }
        close();
        Connection connection = source.getConnection();
        if (take(connection)) {
            holder = connection;
            return true;
        }
        connection.close();
        return false;
    }

    private boolean take(Connection connection) throws SQLException {
        return ask(connection, TAKE);
    }

    private boolean ask(Connection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setLong(1, number);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    @Override
    public void close() throws SQLException {
        Connection connection = holder;
        holder = null;
        if (connection == null) {
            return;
        }
        // A pool would keep the connection open, and the lock with it.
        try (connection) {
            if (connection.isValid(VALID_SECONDS)) {
                ask(connection, RELEASE);
            }
        }
    }
}
