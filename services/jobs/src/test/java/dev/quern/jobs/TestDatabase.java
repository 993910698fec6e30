package dev.quern.jobs;

import dev.quern.testing.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.transaction.support.TransactionTemplate;

/** One real PostgreSQL with our migrations for all tests of a JVM; tests make rows of their own and share it. */
public final class TestDatabase {
    private static final TestDatabase SHARED = start();

    private final DataSource source;

    private TestDatabase(DataSource source) {
        this.source = source;
    }

    public static TestDatabase shared() {
        return SHARED;
    }

    public DataSource source() {
        return source;
    }

    public JdbcClient client() {
        return JdbcClient.create(source);
    }

    public TransactionTemplate transactions() {
        return new TransactionTemplate(new DataSourceTransactionManager(source));
    }

    private static TestDatabase start() {
        try {
            Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target/pg")), "home");
            TestPostgres server = TestPostgres.start(home, Path.of("target", "postgres-cache"));
            Runtime.getRuntime().addShutdownHook(new Thread(server::close));
            DataSource source = new DriverManagerDataSource(server.jdbcUrl(), server.user(), server.password());
            Flyway.configure()
                    .dataSource(source)
                    .locations("filesystem:../../db/migration")
                    .load()
                    .migrate();
            return new TestDatabase(source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
