package dev.quern.jobs;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;

/** API keys, one-time login links and dashboard sessions. Tokens go out once; their SHA-256 stays. */
public final class AccessRepository {
    private static final String REGISTER = """
            INSERT INTO api_key (id, sha256, tenant, principal, scopes)
            VALUES (:id, :sha256, :tenant, :principal, :scopes)
            ON CONFLICT (sha256) DO UPDATE
               SET tenant = excluded.tenant, principal = excluded.principal, scopes = excluded.scopes, revoked_at = NULL
            """;
    private static final String REVOKE = "UPDATE api_key SET revoked_at = now() WHERE sha256 = :sha256";
    private static final String REVOKE_OTHERS = """
            UPDATE api_key SET revoked_at = now()
             WHERE tenant = :tenant AND principal = :principal AND sha256 <> :sha256 AND revoked_at IS NULL
            """;
    private static final String KEY =
            "SELECT tenant, principal, scopes FROM api_key WHERE sha256 = :sha256 AND revoked_at IS NULL";
    private static final String LINK = """
            INSERT INTO login_link (sha256, tenant, principal, scopes, expires_at)
            VALUES (:sha256, :tenant, :principal, :scopes, now() + make_interval(secs => :seconds))
            """;
    // One statement: of two browsers with one link exactly one gets a session.
    private static final String REDEEM = """
            UPDATE login_link SET used_at = now()
             WHERE sha256 = :sha256 AND used_at IS NULL AND expires_at > now()
            RETURNING tenant, principal, scopes
            """;
    private static final String OPEN = """
            INSERT INTO dashboard_session (sha256, tenant, principal, scopes, expires_at)
            VALUES (:sha256, :tenant, :principal, :scopes, now() + make_interval(secs => :seconds))
            """;
    private static final String SESSION =
            "SELECT tenant, principal, scopes FROM dashboard_session WHERE sha256 = :sha256 AND expires_at > now()";
    private static final String CLOSE = "DELETE FROM dashboard_session WHERE sha256 = :sha256";
    private static final String PURGE = """
            WITH links AS (DELETE FROM login_link WHERE expires_at < now())
            DELETE FROM dashboard_session WHERE expires_at < now()
            """;

    private final JdbcClient db;

    public AccessRepository(JdbcClient db) {
        this.db = db;
    }

    /** A new key for this principal; the answer is its only copy. */
    public String createKey(Principal principal) {
        String key = Secrets.token("quern_");
        register(key, principal);
        return key;
    }

    /** Makes a key that exists already, such as that of an embedded stack's data folder, valid; idempotent. */
    public void register(String key, Principal principal) {
        insert(REGISTER, key, principal).param("id", UUID.randomUUID()).update();
    }

    /** Makes a key that exists already the only valid one of this principal; idempotent. */
    public void registerOnly(String key, Principal principal) {
        register(key, principal);
        db.sql(REVOKE_OTHERS)
                .param("tenant", principal.tenant())
                .param("principal", principal.name())
                .param("sha256", Secrets.sha256(key))
                .update();
    }

    public void revoke(String key) {
        db.sql(REVOKE).param("sha256", Secrets.sha256(key)).update();
    }

    /** Whose key this is; empty for an unknown or revoked one. */
    public Optional<Principal> authenticate(String key) {
        return find(KEY, key);
    }

    /** The token of a link that opens one session within {@code validity}. */
    public String createLink(Principal principal, Duration validity) {
        String token = Secrets.token("");
        insert(LINK, token, principal).param("seconds", seconds(validity)).update();
        return token;
    }

    /** Opens a session of this length; empty for a link that is unknown, used or too old. The answer is the cookie's value. */
    public Optional<String> redeem(String link, Duration length) {
        return find(REDEEM, link).map(principal -> {
            db.sql(PURGE).update();
            String session = Secrets.token("");
            insert(OPEN, session, principal).param("seconds", seconds(length)).update();
            return session;
        });
    }

    /** Whose session this is; empty for an unknown or expired one. */
    public Optional<Principal> session(String token) {
        return find(SESSION, token);
    }

    public void close(String session) {
        db.sql(CLOSE).param("sha256", Secrets.sha256(session)).update();
    }

    private JdbcClient.StatementSpec insert(String sql, String token, Principal principal) {
        return db.sql(sql)
                .param("sha256", Secrets.sha256(token))
                .param("tenant", principal.tenant())
                .param("principal", principal.name())
                .param("scopes", names(principal.scopes()));
    }

    private Optional<Principal> find(String sql, String token) {
        return db.sql(sql)
                .param("sha256", Secrets.sha256(token))
                .query(AccessRepository::principal)
                .optional();
    }

    private static Principal principal(ResultSet row, int index) throws SQLException {
        String[] scopes = (String[]) row.getArray("scopes").getArray();
        return new Principal(
                row.getString("tenant"),
                row.getString("principal"),
                Arrays.stream(scopes)
                        .map(scope -> Scope.valueOf(scope.toUpperCase(Locale.ROOT)))
                        .collect(Collectors.toSet()));
    }

    private static String[] names(Set<Scope> scopes) {
        return scopes.stream()
                .map(scope -> scope.name().toLowerCase(Locale.ROOT))
                .toArray(String[]::new);
    }

    private static double seconds(Duration duration) {
        return duration.toMillis() / 1000.0;
    }
}
