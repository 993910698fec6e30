package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Mutated requests, each from a seed: none may be answered as a defect, hang, or leave the server unwell. */
class RequestFuzzTest {
    private static final long SEED = 20_260_101;
    private static final int THREADS = 8;
    private static final int ANSWER_MILLIS = 30_000;
    private static final String JOB = UUID.randomUUID().toString();
    private static final List<String> LINES = List.of(
            "POST /api/v1/jobs",
            "POST /api/v1/jobs",
            "POST /api/v1/estimate",
            "POST /api/v1/uploads",
            "POST /api/v1/uploads/" + JOB + "/parts",
            "POST /api/v1/keys",
            "GET /api/v1/jobs?limit=5&state=queued&label=a:b&cursor=x",
            "GET /api/v1/jobs/" + JOB,
            "GET /api/v1/jobs/" + JOB + "/files/model.safetensors?output=0",
            "GET /api/v1/jobs/" + JOB + "/events?after=0&limit=10",
            "DELETE /api/v1/jobs/" + JOB,
            "DELETE /api/v1/keys/" + JOB,
            "PUT /api/v1/uploads/parts?token=abc",
            "GET /api/v1/recipes/gptq-w4a16",
            "GET /?state=FAILED&cursor=x",
            "GET /docs",
            "POST /login",
            "GET /login?link=x");
    private static final List<String> BODIES = List.of(
            RestTest.BODY,
            "{\"apiVersion\":\"quern/v1\",\"source\":{\"uri\":\"s3://models/public/m\"},\"recipe\":{\"inline\":{\"name\":\"mine\","
                    + "\"propagation\":\"independent\",\"grid\":{\"bits\":4,\"groupSize\":128,\"symmetric\":true,\"clipSearch\":\"mse\"},"
                    + "\"rounding\":{\"method\":\"nearest\"}}},\"labels\":{\"a\":\"b\"},\"limits\":{\"maxPendingSeconds\":5}}",
            "{\"files\":[{\"name\":\"config.json\",\"size\":12,\"sha256\":\"" + "ab".repeat(32) + "\"}]}",
            "{\"file\":\"config.json\",\"parts\":[1,2,3]}",
            "{\"name\":\"ci\",\"scope\":\"read\",\"expiresInDays\":3}",
            "key=abc&csrf=def");
    private static final List<String> TOKENS = List.of(
            "\0",
            "%00",
            "%ff",
            "%",
            "../",
            "..%2f",
            "\\u0000",
            "\\ud800",
            "\u00ff\u00fe",
            "\"",
            "{",
            "[",
            "]",
            "}",
            ",",
            ":",
            "1e999",
            "-1",
            "99999999999999999999",
            "NaN",
            "null",
            "true",
            "[[[[[[[[",
            "{\"a\":".repeat(80),
            "\r\n",
            "\n",
            "\t",
            "A".repeat(300),
            "'; DROP TABLE job; --",
            "<script>",
            "\u001b[31m",
            "%c0%80",
            "?",
            "&",
            "=",
            ";",
            "#",
            "//",
            "\\",
            "*");

    @Test
    void tenThousandMutatedRequestsAreAnswered() throws Exception {
        fuzz(0, 10_000);
    }

    /** Others in each run; a failure names the request. */
    @Test
    @Tag("slow")
    void tenTimesAsManyOthersAreAnswered() throws Exception {
        int first = RandomGenerator.getDefault().nextInt(10_000, 1_000_000_000);
        fuzz(first, first + 100_000);
    }

    /** Sends the requests of these numbers, from the first to before the last. */
    private static void fuzz(int from, int to) throws Exception {
        ApiServer shared = ApiServer.shared();
        String key = shared.key(new Principal("fuzz", "fuzz", Set.of(Scope.ADMIN)));
        try (ConfigurableApplicationContext server = new SpringApplicationBuilder(ApiApplication.class)
                        .registerShutdownHook(false)
                        .run(
                                "--server.port=0",
                                "--spring.datasource.url=" + shared.databaseUrl(),
                                "--spring.datasource.username=quern",
                                "--spring.datasource.password=" + shared.databasePassword(),
                                "--quern.store=" + shared.store().toUri(),
                                "--quern.sources=s3://models/public",
                                "--quern.estimate=1ms",
                                "--quern.requests-per-second=1000000");
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            int port = Integer.parseInt(server.getEnvironment().getRequiredProperty("local.server.port"));
            List<Future<List<String>>> runs = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int first = from + thread;
                runs.add(threads.submit(() -> wrong(port, key, first, to)));
            }
            for (Future<List<String>> run : runs) {
                assertThat(run.get()).isEmpty();
            }
            assertThat(send(
                            port,
                            "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.UTF_8)))
                    .startsWith("HTTP/1.1 200");
        }
    }

    /** The requests of this thread that went wrong, with what would repeat them. */
    private static List<String> wrong(int port, String key, int first, int to) throws IOException {
        List<String> wrong = new ArrayList<>();
        for (int i = first; i < to && wrong.size() < 5; i += THREADS) {
            byte[] request = request(new SplittableRandom(SEED + i), key);
            String answer = send(port, request);
            if (answer.startsWith("HTTP/1.1 500") || answer.contains("\"code\":\"internal\"")) {
                wrong.add("request " + i + ": " + new String(request, StandardCharsets.ISO_8859_1).replace(key, "KEY")
                        + "\n-> " + answer);
            }
        }
        return wrong;
    }

    private static byte[] request(SplittableRandom random, String key) {
        String line = LINES.get(random.nextInt(LINES.size()));
        byte[] body = line.startsWith("GET")
                ? new byte[0]
                : mutate(BODIES.get(random.nextInt(BODIES.size())), random, random.nextInt(4));
        String target = new String(mutate(line, random, random.nextInt(3)), StandardCharsets.ISO_8859_1);
        String headers = "Host: localhost\r\nConnection: close\r\nAuthorization: Bearer " + key + "\r\nContent-Type: "
                + (line.endsWith("/login") ? "application/x-www-form-urlencoded" : "application/json") + "\r\n";
        if (random.nextInt(8) == 0) {
            headers += "Idempotency-Key: " + TOKENS.get(random.nextInt(TOKENS.size())) + "\r\n";
        }
        if (random.nextInt(16) == 0) {
            headers = new String(mutate(headers, random, 1), StandardCharsets.ISO_8859_1);
        }
        int length = random.nextInt(16) == 0 ? random.nextInt(4000) : body.length;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes((target + " HTTP/1.1\r\n" + headers + "Content-Length: " + length + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
        out.writeBytes(body);
        return out.toByteArray();
    }

    private static byte[] mutate(String text, SplittableRandom random, int times) {
        String now = text;
        for (int i = 0; i < times; i++) {
            int at = random.nextInt(now.length() + 1);
            String token = TOKENS.get(random.nextInt(TOKENS.size()));
            now = switch (random.nextInt(4)) {
                case 0 -> now.substring(0, at);
                case 1 -> now.substring(0, at) + token + now.substring(at);
                case 2 -> now.substring(0, at) + token + now.substring(Math.min(now.length(), at + random.nextInt(8)));
                default -> now.substring(0, at) + now.substring(Math.min(at, now.length() / 2));
            };
        }
        return now.getBytes(random.nextBoolean() ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    }

    /** What comes back until the server closes; a request that it cannot make sense of may get nothing. */
    private static String send(int port, byte[] request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(ANSWER_MILLIS);
            try {
                socket.getOutputStream().write(request);
                socket.shutdownOutput();
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (java.net.SocketTimeoutException e) {
                return "HTTP/1.1 500 no answer within " + ANSWER_MILLIS + " ms";
            } catch (IOException e) {
                // Reset: it refused and did not wait for the rest.
                return "";
            }
        }
    }
}
