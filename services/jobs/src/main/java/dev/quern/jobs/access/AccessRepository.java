package dev.quern.jobs.access;

import dev.quern.jobs.rows.Columns;
import dev.quern.recipes.digest.Digests;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** API keys, one-time login links and dashboard sessions. Tokens go out once; their SHA-256 stays. */
public final class AccessRepository {
    private static final int MOST_LISTED = 1000;
    private static final String VALID = " k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()) ";
    private static final String CREATE = """
            INSERT INTO api_key (id, sha256, tenant, principal, scopes, created_by, expires_at)
            VALUES (:id, :sha256, :tenant, :principal, :scopes, :createdBy, now() + make_interval(days => :days::int))
            """;
    private static final String REGISTER = """
            INSERT INTO api_key (id, sha256, tenant, principal, scopes)
            VALUES (:id, :sha256, :tenant, :principal, :scopes)
            ON CONFLICT (sha256) DO UPDATE
               SET tenant = excluded.tenant, principal = excluded.principal, scopes = excluded.scopes,
                   created_by = NULL, expires_at = NULL, revoked_at = NULL
            """;
    private static final String REVOKE_OTHERS = """
            UPDATE api_key SET revoked_at = now()
             WHERE tenant = :tenant AND principal = :principal AND sha256 <> :sha256
               AND created_by IS NULL AND revoked_at IS NULL
            """;
    private static final String REVOKE =
            "UPDATE api_key SET revoked_at = coalesce(revoked_at, now()) WHERE tenant = :tenant AND id = :id";
    private static final String FIND = "SELECT * FROM api_key WHERE tenant = :tenant AND id = :id";
    private static final String LIST =
            "SELECT * FROM api_key WHERE tenant = :tenant ORDER BY created_at DESC, id LIMIT " + MOST_LISTED;
    private static final String KEY = """
            WITH seen AS (
                UPDATE api_key k SET last_used_at = now()
                 WHERE k.sha256 = :sha256 AND""" + VALID + """
                   AND (k.last_used_at IS NULL OR k.last_used_at < now() - interval '10 minutes'))
            SELECT k.tenant, k.principal, k.scopes FROM api_key k WHERE k.sha256 = :sha256 AND""" + VALID;
    private static final String LINK = """
            INSERT INTO login_link (sha256, key_id, expires_at)
            SELECT :sha256, k.id, now() + make_interval(secs => :seconds) FROM api_key k WHERE k.sha256 = :key AND""" + VALID;
    // One statement: of two browsers with one link exactly one gets a session.
    private static final String REDEEM = """
            UPDATE login_link l SET used_at = now() FROM api_key k
             WHERE l.sha256 = :sha256 AND l.used_at IS NULL AND l.expires_at > now() AND k.id = l.key_id AND""" + VALID + "RETURNING l.key_id";
    private static final String OPEN = """
            INSERT INTO dashboard_session (sha256, key_id, expires_at)
            VALUES (:sha256, :key, now() + make_interval(secs => :seconds))
            """;
    private static final String SESSION = """
            SELECT k.tenant, k.principal, k.scopes FROM dashboard_session s JOIN api_key k ON k.id = s.key_id
             WHERE s.sha256 = :sha256 AND s.expires_at > now() AND""" + VALID;
    private static final String CLOSE = "DELETE FROM dashboard_session WHERE sha256 = :sha256";
    private static final String PURGE = """
            WITH links AS (DELETE FROM login_link WHERE expires_at < now())
            DELETE FROM dashboard_session WHERE expires_at < now()
            """;

    private final JdbcClient db;

    public AccessRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * A new key for this principal; the answer is the only copy of its secret.
     *
     * @param createdBy the name of who asked for it
     * @param days until it expires; null is never
     */
    public ApiKey.Created create(Principal principal, String createdBy, @Nullable Integer days) {
        UUID id = UUID.randomUUID();
        String secret = Secrets.token("quern_");
        insert(CREATE, id, secret, principal)
                .param("createdBy", createdBy)
                .param("days", days)
                .update();
        return new ApiKey.Created(find(principal.tenant(), id).orElseThrow(), secret);
    }

    /** The newest first, at most 1,000. */
    public List<ApiKey> list(String tenant) {
        return db.sql(LIST).param("tenant", tenant).query(AccessRepository::key).list();
    }

    public Optional<ApiKey> find(String tenant, UUID id) {
        return db.sql(FIND)
                .param("tenant", tenant)
                .param("id", id)
                .query(AccessRepository::key)
                .optional();
    }

    /** Ends the key and the sessions that it opened, at once. Repeatable. */
    public void revoke(String tenant, UUID id) {
        db.sql(REVOKE).param("tenant", tenant).param("id", id).update();
    }

    /**
     * Makes the key that a file of the installation holds, such as that of an embedded stack's data folder, the only
     * valid one of this principal that comes from a file; idempotent.
     */
    public void registerOnly(String key, Principal principal) {
        insert(REGISTER, UUID.randomUUID(), key, principal).update();
        db.sql(REVOKE_OTHERS)
                .param("tenant", principal.tenant())
                .param("principal", principal.name())
                .param("sha256", Digests.sha256(key))
                .update();
    }

    /** Whose key this is; empty for an unknown, expired or revoked one. */
    public Optional<Principal> authenticate(String key) {
        return find(KEY, key);
    }

    /**
     * The token of a link that opens one session of this key within {@code validity}; empty for a key that is not
     * valid.
     */
    public Optional<String> createLink(String key, Duration validity) {
        String token = Secrets.token("");
        int made = db.sql(LINK)
                .param("sha256", Digests.sha256(token))
                .param("key", Digests.sha256(key))
                .param("seconds", seconds(validity))
                .update();
        return made == 1 ? Optional.of(token) : Optional.empty();
    }

    /**
     * Opens a session of this length; empty for a link that is unknown, used or too old, or whose key is no longer
     * valid. The answer is the cookie's value.
     */
    public Optional<String> redeem(String link, Duration length) {
        return db.sql(REDEEM)
                .param("sha256", Digests.sha256(link))
                .query(UUID.class)
                .optional()
                .map(key -> {
                    db.sql(PURGE).update();
                    String session = Secrets.token("");
                    db.sql(OPEN)
                            .param("sha256", Digests.sha256(session))
                            .param("key", key)
                            .param("seconds", seconds(length))
                            .update();
                    return session;
                });
    }

    /** Whose session this is; empty for an unknown or expired one, and once its key is no longer valid. */
    public Optional<Principal> session(String token) {
        return find(SESSION, token);
    }

    public void close(String session) {
        db.sql(CLOSE).param("sha256", Digests.sha256(session)).update();
    }

    private JdbcClient.StatementSpec insert(String sql, UUID id, String token, Principal principal) {
        return db.sql(sql)
                .param("id", id)
                .param("sha256", Digests.sha256(token))
                .param("tenant", principal.tenant())
                .param("principal", principal.name())
                .param("scopes", names(principal.scopes()));
    }

    private Optional<Principal> find(String sql, String token) {
        return db.sql(sql)
                .param("sha256", Digests.sha256(token))
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

    private static ApiKey key(ResultSet row, int index) throws SQLException {
        return new ApiKey(
                row.getObject("id", UUID.class),
                principal(row, index),
                Columns.instant(row, "created_at"),
                row.getString("created_by"),
                Columns.nullableInstant(row, "expires_at"),
                Columns.nullableInstant(row, "last_used_at"),
                Columns.nullableInstant(row, "revoked_at"));
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
