package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.UploadView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that mean harm, or that no client would send: each gets a short problem, and the server stays well. */
class HostileRequestsTest {
    private final ApiServer server = ApiServer.shared();

    @Test
    void partsAreAskedForOnceEachAndInReasonableNumbers() {
        String parts = "/api/v1/uploads/" + upload() + "/parts";
        HttpResponse<String> twice = server.post(parts, server.submit, "{\"file\":\"config.json\",\"parts\":[1,1]}");
        HttpResponse<String> many = server.post(parts, server.submit, parts(50_000));

        assertThat(twice.statusCode()).isEqualTo(422);
        assertThat(twice.body()).contains("\"pointer\":\"/parts/1\"", "parts.1: 1 (expected: each part once)");
        assertThat(many.statusCode()).isEqualTo(422);
        assertThat(many.body()).contains("parts: 50000 parts (expected: at most 1000 at a time)");
    }

    @Test
    void manyLargeRequestsAtOnceLeaveTheServerWell() throws Exception {
        String parts = "/api/v1/uploads/" + upload() + "/parts";
        String body = parts(60_000);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<HttpResponse<String>>> answers = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                answers.add(threads.submit(() -> server.post(parts, server.submit, body)));
            }
            for (Future<HttpResponse<String>> answer : answers) {
                assertThat(answer.get().statusCode()).isIn(422, 503);
                assertThat(answer.get().body()).hasSizeLessThan(1000);
            }
        }
        assertThat(server.get("/health", "").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/jobs", "/api/v1/estimate", "/api/v1/uploads"})
    void aBodyThatIsMissingOrNotTextIsTheClientsError(String path) {
        HttpResponse<String> empty = server.post(path, server.submit, "");
        assertThat(empty.statusCode()).as(empty.body()).isEqualTo(400);
        assertThat(empty.body()).contains("body: missing (expected: a JSON document)");

        for (String bad : List.of("\\u0000", "\\ud800", "\\udc00")) {
            HttpResponse<String> answer = server.post(
                    path,
                    server.submit,
                    RestTest.BODY.replace("{\"apiVersion\"", "{\"name\":\"a" + bad + "\",\"apiVersion\""));
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/jobs?label=a:%00",
                "/api/v1/jobs?label=a%00b:c",
                "/api/v1/jobs?label=a:%ff",
                "/api/v1/jobs?label=a:%zz",
                "/api/v1/jobs?label=%c0%80:x",
                "/api/v1/jobs?state=%00",
                "/api/v1/jobs?cursor=%00",
                "/jobs?state=%00",
                "/api/v1/jobs/%00",
                "/api/v1/jobs/%ff",
                "/api/v1/jobs/x/files/..%2f..%2fetc",
                "/api/v1/jobs/..;/x",
                "/api/v1/jobs/x;y%a/files",
                "/api/v1/uploads/x;y%/parts",
                "/api/v1/jobs/x%5cy",
                "/api//v1/../jobs"
            })
    void anAddressThatIsNoneIsTheClientsError(String path) throws Exception {
        String answer = raw("GET " + path + " HTTP/1.1", "");

        assertThat(answer).startsWith("HTTP/1.1 4");
        assertProblem(answer);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"TRACE /api/v1/jobs HTTP/1.1", "CONNECT /api/v1/jobs HTTP/1.1", "BREW /api/v1/jobs HTTP/1.1"})
    void anOddMethodIsRefusedAsAllElse(String line) throws Exception {
        String answer = raw(line, "");

        assertThat(answer).containsPattern("^HTTP/1.1 (4..|501)").doesNotContain("\"code\":\"internal\"");
        assertProblem(answer);
    }

    @Test
    void aClientThatLeavesWithinABodyIsNoDefect() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(head(
                                    "POST /api/v1/jobs HTTP/1.1",
                                    "Content-Type: application/json\r\nContent-Length: 500\r\n")
                            .concat("{\"api")
                            .getBytes(StandardCharsets.ISO_8859_1));
            socket.shutdownOutput();
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(answer).doesNotContain(" 500 ");
        }
    }

    private static void assertProblem(String answer) {
        assertThat(answer)
                .contains(
                        "Content-Type: application/problem+json",
                        "X-Content-Type-Options: nosniff",
                        "Content-Security-Policy: ")
                .contains("\"type\":", "\"detail\":");
    }

    private String raw(String line, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write((head(line, "") + body).getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private String head(String line, String headers) {
        return line + "\r\nHost: 127.0.0.1:" + server.port() + "\r\nAuthorization: Bearer " + server.submit
                + "\r\nConnection: close\r\n" + headers + "\r\n";
    }

    private static String parts(int count) {
        return "{\"file\":\"config.json\",\"parts\":[" + String.join(",", Collections.nCopies(count, "1")) + "]}";
    }

    private String upload() {
        UploadView.Request request = new UploadView.Request(List.of(new UploadView.Item(
                "config.json", 9, Long.toHexString(System.nanoTime()).repeat(64).substring(0, 64))));
        HttpRequest.Builder open = server.request("/api/v1/uploads", server.submit)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(Json.write(RecordCodec.write(request))));
        return RecordCodec.read(Json.parse(server.send(open).body()), UploadView.class)
                .id();
    }
}
