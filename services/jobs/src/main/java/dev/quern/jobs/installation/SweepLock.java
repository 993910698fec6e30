package dev.quern.jobs.installation;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.sql.SQLException;
import java.util.function.Supplier;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Keeps a job that begins apart from those who delete what no job needs: one of PostgreSQL's advisory locks, held for a
 * transaction. A sweep that sees the job's row spares what it may need; one that began before is let pass.
 */
public final class SweepLock {
    /** "sweep", in ASCII. */
    private static final long LOCK = 0x7377656570L;

    // A process that waits holds a connection.
    private static final String PATIENCE = "SET LOCAL lock_timeout = '5s'";
    private static final String SHARED = "SELECT pg_advisory_xact_lock_shared(:lock)";
    private static final String EXCLUSIVE = "SELECT pg_advisory_xact_lock(:lock)";
    private static final String ANYTHING = "SELECT 1";
    /** A code of PostgreSQL's that Spring has no word for. */
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private final JdbcClient db;
    private final TransactionOperations transactions;

    public SweepLock(JdbcClient db, TransactionOperations transactions) {
        this.db = db;
        this.transactions = transactions;
    }

    /**
     * Returns when no sweep runs that began before.
     *
     * @throws QuernException UNAVAILABLE when it takes long; to be tried again
     */
    public void pass() {
        try {
            transactions.executeWithoutResult(status -> {
                db.sql(PATIENCE).update();
                take(SHARED);
            });
        } catch (DataAccessException e) {
            throw isTimeout(e.getMostSpecificCause())
                    ? new QuernException(ErrorCode.UNAVAILABLE, "store: being swept (expected: free in a moment)", e)
                    : e;
        }
    }

    private static boolean isTimeout(Throwable cause) {
        return cause instanceof SQLException sql && LOCK_NOT_AVAILABLE.equals(sql.getSQLState());
    }

    /** Runs when no other sweep does, and while nobody passes. Not for long. */
    public <T> T sweeping(Supplier<T> sweep) {
        return transactions.execute(status -> {
            take(EXCLUSIVE);
            return sweep.get();
        });
    }

    /** To be called in a sweep before each step: fails when the connection is lost, and the lock with it. */
    public void require() {
        db.sql(ANYTHING).query(Integer.class).single();
    }

    private void take(String sql) {
        db.sql(sql).param("lock", LOCK).query(row -> {});
    }
}
