package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.api.settings.ServerVersion;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.KeyView;
import dev.quern.recipes.view.WhoView;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Keys that people make over REST. */
class KeysTest {
    private final ApiServer server = ApiServer.shared();

    @Test
    void aKeyIsMadeShownOnceUsedAndRevoked() {
        HttpResponse<String> made =
                server.post("/api/v1/keys", server.admin, "{\"name\":\"ci\",\"scope\":\"read\",\"expiresInDays\":7}");
        assertThat(made.statusCode()).as(made.body()).isEqualTo(201);
        KeyView key = RecordCodec.read(Json.parse(made.body()), KeyView.class);
        String secret = String.valueOf(key.key());
        String path = "/api/v1/keys/" + key.id();
        assertThat(made.headers().firstValue("Location")).contains(path);
        assertThat(secret).startsWith("quern_");
        assertThat(key.createdBy()).isEqualTo("test-admin");

        WhoView who =
                RecordCodec.read(Json.parse(server.get("/api/v1/whoami", secret).body()), WhoView.class);
        assertThat(who).isEqualTo(new WhoView("ci", ApiServer.TENANT, KeyView.Scope.READ, false, ServerVersion.NUMBER));
        assertThat(server.post("/api/v1/jobs", secret, RestTest.BODY).statusCode())
                .isEqualTo(403);
        String list = server.get("/api/v1/keys", server.admin).body();
        assertThat(list).contains(key.id()).doesNotContain(secret, "\"key\"");

        assertThat(revoke(path, server.admin).statusCode()).isEqualTo(204);
        assertThat(revoke(path, server.admin).statusCode()).isEqualTo(204);
        assertThat(server.get("/api/v1/whoami", secret).statusCode()).isEqualTo(401);
        assertThat(server.get(path, server.admin).body()).contains("\"revokedAt\":\"");
    }

    @Test
    void revokingEndsTheSessionsOfAKey() {
        String made = server.post("/api/v1/keys", server.admin, "{\"name\":\"alice\"}")
                .body();
        KeyView key = RecordCodec.read(Json.parse(made), KeyView.class);
        String link = server.access
                .createLink(String.valueOf(key.key()), java.time.Duration.ofMinutes(1))
                .orElseThrow();
        String cookie = server.get("/login?link=" + link, "")
                .headers()
                .firstValue("Set-Cookie")
                .orElseThrow()
                .split(";", 2)[0];
        assertThat(server.get("/api/v1/whoami", "", "Cookie", cookie).body())
                .contains("\"scope\":\"submit\"", "\"session\":true");

        revoke("/api/v1/keys/" + key.id(), server.admin);

        assertThat(server.get("/api/v1/whoami", "", "Cookie", cookie).statusCode())
                .isEqualTo(401);
    }

    @Test
    void onlyAnAdminSeesOrMakesKeysAndOnlyThoseOfTheTenant() {
        String id = RecordCodec.read(
                        Json.parse(server.post("/api/v1/keys", server.admin, "{\"name\":\"x\"}")
                                .body()),
                        KeyView.class)
                .id();
        String foreign = server.key(new Principal("foreign", "boss", Set.of(Scope.ADMIN)));

        assertThat(server.get("/api/v1/keys", server.submit).statusCode()).isEqualTo(403);
        assertThat(server.post("/api/v1/keys", server.submit, "{\"name\":\"y\"}")
                        .statusCode())
                .isEqualTo(403);
        assertThat(revoke("/api/v1/keys/" + id, server.submit).statusCode()).isEqualTo(403);
        assertThat(revoke("/api/v1/keys/" + id, foreign).statusCode()).isEqualTo(404);
        assertThat(server.get("/api/v1/keys", foreign).body()).doesNotContain(id);
        assertThat(revoke("/api/v1/keys/nonsense", server.admin).statusCode()).isEqualTo(404);
    }

    @Test
    void theKeyOfTheInstallationGoesWithItsFileOnly() {
        Principal operator = new Principal("installed", "operator", Set.of(Scope.ADMIN));
        server.access.registerOnly("a-key-that-stands-in-a-file", operator);
        String id = server.access.list("installed").getFirst().id().toString();

        HttpResponse<String> answer = revoke("/api/v1/keys/" + id, "a-key-that-stands-in-a-file");

        assertThat(answer.statusCode()).isEqualTo(409);
        assertThat(answer.body()).contains("QUERN_BOOTSTRAP_KEY_FILE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"name\":\"\"} | /name",
                "{\"name\":\"a b\"} | /name",
                "{} | /name",
                "{\"name\":\"a\",\"scope\":\"root\"} | /scope",
                "{\"name\":\"a\",\"expiresInDays\":0} | /expiresInDays",
                "{\"name\":\"a\",\"expiresInDays\":4000} | /expiresInDays"
            })
    void aWrongKeyIsRefusedWithItsPointer(String body, String pointer) {
        HttpResponse<String> answer = server.post("/api/v1/keys", server.admin, body);

        assertThat(answer.statusCode()).isEqualTo(422);
        assertThat(answer.body()).contains("\"pointer\":\"" + pointer + "\"");
    }

    @Test
    void theIndexSaysWhatThereIs() {
        assertThat(server.get("/api/v1", server.read).body())
                .contains(
                        "\"apiVersion\":\"quern/v1\"",
                        "\"version\":\"",
                        "\"jobs\":\"/api/v1/jobs\"",
                        "\"docs\":\"/docs\"");
    }

    private HttpResponse<String> revoke(String path, String key) {
        return server.send(server.request(path, key).method("DELETE", HttpRequest.BodyPublishers.noBody()));
    }
}
