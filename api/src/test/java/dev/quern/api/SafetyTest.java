package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.Job;
import dev.quern.jobs.access.ApiKey;
import dev.quern.jobs.access.Scope;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetyTest {
    private static final Pattern TOKEN = Pattern.compile("name=\"csrf\" value=\"([^\"]+)\"");

    private final ApiServer server = ApiServer.shared();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/jobs/x",
                "/api/v1/jobs",
                "/api/v1/recipes",
                "/api/v1/jobs/x/events",
                "/api/v1",
                "/api/v1/whoami",
                "/api/v1/keys",
                "/api/v1/recipes/gptq-w4a16",
                "/metrics",
                "/prometheus",
                "/nowhere",
                "/error"
            })
    void nothingIsAnonymous(String path) {
        HttpResponse<String> answer = server.get(path, "");

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer realm=\"quern\"");
        assertThat(answer.body()).contains("\"code\":\"unauthenticated\"");
    }

    @Test
    void aWrongOrRevokedKeyIsNobody() {
        ApiKey.Created made = server.access.create(ApiServer.principal(Scope.ADMIN), "test", null);
        String revoked = made.secret();
        assertThat(server.get("/api/v1/jobs", revoked).statusCode()).isEqualTo(200);
        server.access.revoke(ApiServer.TENANT, made.key().id());

        HttpResponse<String> answer = server.get("/api/v1/jobs", revoked);

        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.body()).doesNotContain(revoked);
        assertThat(server.get("/api/v1/jobs", "quern_guess").statusCode()).isEqualTo(401);
    }

    @Test
    void healthAndAssetsAreOpen() {
        assertThat(server.get("/health", "").body()).contains("\"UP\"").doesNotContain("postgres");
        assertThat(server.get("/assets/quern.css", "").statusCode()).isEqualTo(200);
        assertThat(server.get("/assets/../api/v1/jobs", "").statusCode()).isNotEqualTo(200);
        assertThat(server.get("/assets/..%2fapi", "").statusCode()).isNotEqualTo(200);
    }

    @Test
    void aKeyThatMayReadMayNotSubmitOrCancel() {
        Job job = server.job("scopes");

        HttpResponse<String> submit = server.post("/api/v1/jobs", server.read, "{}");
        HttpResponse<String> cancel = server.post("/api/v1/jobs/" + job.id() + "/cancel", server.read, "");

        assertThat(submit.statusCode()).isEqualTo(403);
        assertThat(submit.body()).contains("\"code\":\"forbidden\"", "scope submit");
        assertThat(cancel.statusCode()).isEqualTo(403);
        assertThat(server.get("/metrics", server.read).body()).contains("jvm_memory_used_bytes");
    }

    @Test
    void onlyAnAdminNamesLocalPathsOrApproves() {
        Job job = server.job("approve");

        HttpResponse<String> submit = server.post("/api/v1/jobs", server.submit, RestTest.BODY);
        HttpResponse<String> approve = server.post("/api/v1/jobs/" + job.id() + "/approve", server.submit, "");

        assertThat(submit.statusCode()).isEqualTo(403);
        assertThat(submit.body()).contains("source.path");
        for (String text : List.of("calibration\":{\"path\":\"/a.txt\"}", "evaluation\":[{\"path\":\"/a.txt\"}]")) {
            String body = RestTest.BODY
                    .replace("\"path\":\"/models/tiny\"", "\"upload\":\"" + server.upload("config.json") + "\"")
                    .replace("\"outputs\"", "\"" + text + ",\"outputs\"");
            HttpResponse<String> answer = server.post("/api/v1/jobs", server.submit, body);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(403);
            assertThat(answer.body()).containsPattern("(calibration|evaluation.0).path: refused");
        }
        assertThat(approve.statusCode()).isEqualTo(403);
    }

    @ParameterizedTest
    @CsvSource({
        "evil.example, 403",
        "127.0.0.1.evil.example, 403",
        "localhost.evil.example:80, 403",
        "localhost, 200",
        "LOCALHOST:9999, 200",
        "[::1]:80, 200",
        "127.0.0.1, 200"
    })
    void aForeignHostIsRefused(String host, int status) throws IOException {
        String answer = raw("GET /health HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");

        assertThat(answer).startsWith("HTTP/1.1 " + status);
        assertThat(answer.contains("\"UP\"")).isEqualTo(status == 200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"https://evil.example", "null", "http://127.0.0.1.evil.example", "http://localhost:1", "::"})
    void aForeignOriginIsRefused(String origin) {
        HttpResponse<String> answer = server.get("/api/v1/jobs", server.read, "Origin", origin);

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("Origin: ");
    }

    @Test
    void aLinkOpensOneSession() {
        String link = server.link(ApiServer.principal(Scope.SUBMIT));

        HttpResponse<String> first = server.get("/login?link=" + link, "");
        HttpResponse<String> second = server.get("/login?link=" + link, "");

        assertThat(first.statusCode()).isEqualTo(200);
        assertThat(first.headers().firstValue("Set-Cookie").orElseThrow())
                .startsWith("quern_session=")
                .contains("; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=2592000");
        assertThat(second.statusCode()).isEqualTo(401);
        assertThat(second.headers().firstValue("Set-Cookie")).isEmpty();
        assertThat(server.get("/", "", "Cookie", cookie(first)).statusCode()).isEqualTo(200);
    }

    @Test
    void aKeySignsInAndAWrongOneDoesNot() {
        HttpResponse<String> right = form("/login", "none=1", "key=" + server.submit);
        HttpResponse<String> wrong = form("/login", "none=1", "key=quern_guess");

        assertThat(right.statusCode()).isEqualTo(200);
        assertThat(server.get("/", "", "Cookie", cookie(right)).statusCode()).isEqualTo(200);
        assertThat(wrong.statusCode()).isEqualTo(401);
        assertThat(wrong.body()).contains("This key does not sign in").doesNotContain("quern_guess");
        assertThat(wrong.headers().firstValue("Set-Cookie")).isEmpty();
    }

    /** Else a foreign page could sign a visitor in as somebody else and look at what he does then. */
    @Test
    void noOtherSiteSignsIn() {
        HttpResponse<String> answer =
                form("/login", "none=1", "key=" + server.submit, "Origin", "https://elsewhere.example");

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.headers().firstValue("Set-Cookie")).isEmpty();
    }

    @Test
    void aFormNeedsTheTokenOfItsSession() {
        Job job = server.job("csrf");
        String cookie = session(Scope.SUBMIT);
        String other = token(session(Scope.SUBMIT));
        String path = "/jobs/" + job.id() + "/cancel";

        assertThat(form(path, cookie, "").statusCode()).isEqualTo(403);
        assertThat(form(path, cookie, "csrf=guess").statusCode()).isEqualTo(403);
        assertThat(form(path, cookie, "csrf=" + other).statusCode()).isEqualTo(403);
        assertThat(server.jobs.find(job.id()).orElseThrow().desired().name()).isEqualTo("RUN");
        assertThat(form(path, cookie, "csrf=" + token(cookie)).statusCode()).isEqualTo(303);
        assertThat(server.jobs.find(job.id()).orElseThrow().desired().name()).isEqualTo("CANCEL");
    }

    /**
     * The API takes the cookie too, for the pages' own requests; what changes something needs the token there as well.
     */
    @Test
    void theApiAsksASessionForTheToken() {
        Job job = server.job("csrf-api");
        String cookie = session(Scope.SUBMIT);
        String path = "/api/v1/jobs/" + job.id() + "/cancel";

        assertThat(server.post(path, "", "", "Cookie", cookie).statusCode()).isEqualTo(403);
        assertThat(server.post(path, "", "", "Cookie", cookie, "X-CSRF-Token", token(cookie))
                        .statusCode())
                .isEqualTo(202);
    }

    /** The test's own address stands for the proxy; see ApiServer. */
    @Test
    void behindAProxyOfOursTheCookieIsSecure() {
        HttpResponse<String> plain = server.get("/login?link=" + server.link(ApiServer.principal(Scope.READ)), "");
        HttpResponse<String> proxied = server.get(
                "/login?link=" + server.link(ApiServer.principal(Scope.READ)), "", "X-Forwarded-Proto", "https");

        assertThat(plain.headers().firstValue("Set-Cookie").orElseThrow()).doesNotContain("Secure");
        assertThat(proxied.headers().firstValue("Set-Cookie").orElseThrow()).contains("; Secure");
    }

    @Test
    void signingOutEndsTheSession() {
        String cookie = session(Scope.READ);

        assertThat(form("/logout", cookie, "csrf=" + token(cookie)).statusCode())
                .isEqualTo(303);
        assertThat(server.get("/", "", "Cookie", cookie).statusCode()).isEqualTo(401);
        assertThat(server.get("/login", "").body()).contains("Please sign in").doesNotContain("does not sign in");
    }

    @Test
    void anErrorPageKeepsTheSessionAndShowsAWayOut() {
        String cookie = session(Scope.READ);
        for (String path : List.of("/jobs/nowhere", "/?state=nosuch", "/nowhere")) {
            String page = server.get(path, "", "Cookie", cookie, "Accept", "text/html")
                    .body();
            assertThat(page)
                    .contains("Sign out", "Back to the jobs", "What this error means")
                    .doesNotContain("Unprocessable");
        }
        assertThat(server.get("/?state=nosuch", "", "Cookie", cookie, "Accept", "text/html")
                        .body())
                .contains("The server cannot use this request", "state: nosuch (expected one of: ");
        String refused = server.send(server.request("/jobs/x/cancel", "", "Accept", "text/html")
                        .header("Cookie", cookie)
                        .POST(HttpRequest.BodyPublishers.noBody()))
                .body();
        assertThat(refused).contains("Your key does not allow this", "Sign out");
    }

    @Test
    void everyAnswerForbidsForeignContent() {
        for (String path : List.of("/", "/api/v1/jobs", "/nowhere", "/health")) {
            HttpResponse<String> answer = server.get(path, server.read, "Accept", "text/html");
            assertThat(answer.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'")
                    .doesNotContain("unsafe");
            assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(answer.body()).doesNotContain("<script>", "style=\"", "onclick");
        }
    }

    @Test
    void listensOnLoopbackOnly() throws IOException {
        for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
            for (InetAddress address :
                    network.inetAddresses().filter(a -> !a.isLoopbackAddress()).toList()) {
                Assertions.assertThatThrownBy(() -> new Socket(address, server.port()).close())
                        .as("%s", address)
                        .isInstanceOf(ConnectException.class);
            }
        }
    }

    private String session(Scope scope) {
        String link = server.link(ApiServer.principal(scope));
        return cookie(server.get("/login?link=" + link, ""));
    }

    private static String cookie(HttpResponse<String> login) {
        return login.headers().firstValue("Set-Cookie").orElseThrow().split(";", 2)[0];
    }

    private String token(String cookie) {
        Matcher field = TOKEN.matcher(server.get("/", "", "Cookie", cookie).body());
        assertThat(field.find()).isTrue();
        return field.group(1);
    }

    private HttpResponse<String> form(String path, String cookie, String body, String... headers) {
        return server.send(server.request(path, "", headers)
                .header("Cookie", cookie)
                .header("Content-Type", "application/x-www-form-urlencoded")
                .POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(60_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
