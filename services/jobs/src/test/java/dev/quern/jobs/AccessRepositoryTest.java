package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AccessRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final AccessRepository access = new AccessRepository(database.client());
    private final Principal reader = new Principal("default", "reader", Set.of(Scope.READ));

    @Test
    void aKeyIsItsPrincipalUntilItIsRevoked() {
        String key = access.createKey(reader);

        assertThat(access.authenticate(key)).contains(reader);
        assertThat(access.authenticate(key + "x")).isEmpty();
        access.revoke(key);
        assertThat(access.authenticate(key)).isEmpty();
    }

    @Test
    void theOnlyKeyTakesThePlaceOfThoseBefore() {
        Principal operator = new Principal("only", "operator", Set.of(Scope.ADMIN));
        String other = access.createKey(new Principal("only", "somebody", Set.of(Scope.READ)));
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
        String key = access.createKey(reader);

        int found = database.client()
                .sql("SELECT count(*) FROM api_key WHERE api_key::text LIKE '%' || :key || '%'")
                .param("key", key)
                .query(Integer.class)
                .single();
        assertThat(found).isZero();
    }

    @Test
    void aLinkOpensOneSession() {
        String link = access.createLink(reader, Duration.ofMinutes(5));

        String session = access.redeem(link, Duration.ofHours(1)).orElseThrow();

        assertThat(access.session(session)).contains(reader);
        assertThat(access.redeem(link, Duration.ofHours(1))).isEmpty();
        access.close(session);
        assertThat(access.session(session)).isEmpty();
    }

    @Test
    void anOldLinkAndAnOldSessionOpenNothing() {
        String link = access.createLink(reader, Duration.ofSeconds(-1));
        assertThat(access.redeem(link, Duration.ofHours(1))).isEmpty();

        String fresh = access.createLink(reader, Duration.ofMinutes(5));
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
