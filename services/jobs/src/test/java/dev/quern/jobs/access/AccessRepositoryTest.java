package dev.quern.jobs.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.quern.jobs.TestDatabase;
import dev.quern.recipes.view.KeyView;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AccessRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final AccessRepository access = new AccessRepository(database.client());
    private final Principal reader = new Principal("default", "reader", Set.of(Scope.READ));

    private final String readerKey = access.create(reader, "admin", null).secret();

    @Test
    void aKeyIsItsPrincipalUntilItIsRevokedAndSoAreItsSessions() {
        ApiKey.Created key = access.create(reader, "admin", null);
        String session = session(key.secret());
        String link = access.createLink(key.secret(), Duration.ofMinutes(5)).orElseThrow();

        assertThat(access.authenticate(key.secret())).contains(reader);
        assertThat(access.session(session)).contains(reader);
        assertThat(access.authenticate(key.secret() + "x")).isEmpty();
        access.revoke("another tenant", key.key().id());
        assertThat(access.authenticate(key.secret())).isPresent();
        access.revoke(reader.tenant(), key.key().id());
        assertThat(access.authenticate(key.secret())).isEmpty();
        assertThat(access.session(session)).isEmpty();
        assertThat(access.redeem(link, Duration.ofHours(1))).isEmpty();
        assertThat(access.createLink(key.secret(), Duration.ofMinutes(5))).isEmpty();
    }

    @Test
    void aKeyExpiresAndItsSessionsWithIt() {
        ApiKey.Created key = access.create(reader, "admin", 30);
        String session = session(key.secret());
        assertThat(key.key().expiresAt())
                .isCloseTo(Instant.now().plus(Duration.ofDays(30)), within(2, ChronoUnit.HOURS));

        database.client()
                .sql("UPDATE api_key SET expires_at = now() WHERE id = :id")
                .param("id", key.key().id())
                .update();

        assertThat(access.authenticate(key.secret())).isEmpty();
        assertThat(access.session(session)).isEmpty();
    }

    @Test
    void keysAreListedWithTheirLastUse() {
        Principal bot = new Principal("list-" + UUID.randomUUID(), "bot", Set.of(Scope.SUBMIT));
        ApiKey.Created first = access.create(bot, "admin", null);
        ApiKey.Created second = access.create(bot, "admin", null);
        access.authenticate(first.secret());

        assertThat(access.list(bot.tenant()))
                .extracting(ApiKey::id, key -> key.lastUsedAt() != null)
                .containsExactly(
                        tuple(second.key().id(), false), tuple(first.key().id(), true));
        assertThat(first.key().view().scope()).isEqualTo(KeyView.Scope.SUBMIT);
    }

    @Test
    void anotherKeyInTheFileEndsTheSessionsOfTheOneBefore() {
        Principal cli = new Principal("rotated", "cli", Set.of(Scope.ADMIN));
        access.registerOnly("the-old-key", cli);
        String session = session("the-old-key");
        String made = access.create(cli, "cli", null).secret();

        access.registerOnly("the-new-key", cli);

        assertThat(access.session(session)).isEmpty();
        assertThat(access.authenticate(made)).as("a key that a person made").isPresent();
    }

    private String session(String key) {
        return access.createLink(key, Duration.ofMinutes(5))
                .flatMap(link -> access.redeem(link, Duration.ofHours(1)))
                .orElseThrow();
    }

    @Test
    void theOnlyKeyTakesThePlaceOfThoseBefore() {
        Principal operator = new Principal("only", "operator", Set.of(Scope.ADMIN));
        String other = access.create(new Principal("only", "somebody", Set.of(Scope.READ)), "admin", null)
                .secret();
        access.registerOnly("the-first-key", operator);
        access.registerOnly("the-first-key", operator);
        assertThat(access.authenticate("the-first-key")).contains(operator);

        access.registerOnly("the-second-key", operator);

        assertThat(access.authenticate("the-first-key")).isEmpty();
        assertThat(access.authenticate("the-second-key")).contains(operator);
        assertThat(access.authenticate(other)).isPresent();
    }

    @Test
    void noKeyIsStoredAsItIs() {
        String key = access.create(reader, "admin", null).secret();

        int found = database.client()
                .sql("SELECT count(*) FROM api_key WHERE api_key::text LIKE '%' || :key || '%'")
                .param("key", key)
                .query(Integer.class)
                .single();
        assertThat(found).isZero();
    }

    @Test
    void aLinkOpensOneSession() {
        String link = access.createLink(readerKey, Duration.ofMinutes(5)).orElseThrow();

        String session = access.redeem(link, Duration.ofHours(1)).orElseThrow();

        assertThat(access.session(session)).contains(reader);
        assertThat(access.redeem(link, Duration.ofHours(1))).isEmpty();
        access.close(session);
        assertThat(access.session(session)).isEmpty();
    }

    @Test
    void anOldLinkAndAnOldSessionOpenNothing() {
        String link = access.createLink(readerKey, Duration.ofSeconds(-1)).orElseThrow();
        assertThat(access.redeem(link, Duration.ofHours(1))).isEmpty();

        String fresh = access.createLink(readerKey, Duration.ofMinutes(5)).orElseThrow();
        String session = access.redeem(fresh, Duration.ofSeconds(-1)).orElseThrow();
        assertThat(access.session(session)).isEmpty();
    }

    @Test
    void aScopeIncludesThoseBelowIt() {
        assertThat(reader.may(Scope.READ)).isTrue();
        assertThat(reader.may(Scope.SUBMIT)).isFalse();
        assertThat(new Principal("default", "x", Set.of(Scope.ADMIN)).may(Scope.READ))
                .isTrue();
    }
}
