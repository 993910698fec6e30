package dev.quern.jobs.installation;

import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Who this installation is. */
public final class InstallationRepository {
    private static final String ID = "SELECT id FROM installation";

    private final JdbcClient db;

    public InstallationRepository(JdbcClient db) {
        this.db = db;
    }

    /** The same for as long as the database lives. */
    public UUID id() {
        return db.sql(ID).query(UUID.class).single();
    }
}
