package dev.quern.artifacts.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.quern.artifacts.ArtifactStoreContract;
import io.minio.Signer;
import io.minio.Time;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Stands in front of an S3 server and spoils answers. */
public final class FaultyProxy implements AutoCloseable {
    /** Not to be passed on as they are. */
    private static final Set<String> OWN =
            Set.of("connection", "content-length", "host", "expect", "transfer-encoding");

    private static final String DATE = "x-amz-date";

    /** What happens to one request. */
    public enum Fault {
        NONE,
        /** 503 instead of the server's answer; the server has not seen the request. */
        REFUSED,
        /** 500 with words that are no XML; the server has not seen the request. */
        BROKEN,
        /** The server does what it was asked, and the connection breaks before its answer. */
        ANSWER_LOST,
        /** Half of the body, then the connection breaks. */
        TRUNCATED,
        /** 507 instead of the server's answer. */
        FULL,
        /** The clock of the client is twenty minutes ahead of the server's. */
        AHEAD,
        /** The clock of the client is twenty minutes behind the server's. */
        BEHIND,
        /** A second late. */
        SLOW,
        /** Two seconds late. */
        LATE;

        private Duration delay() {
            return switch (this) {
                case SLOW -> Duration.ofSeconds(1);
                case LATE -> Duration.ofSeconds(2);
                default -> Duration.ZERO;
            };
        }

        /** By how much the client's clock shows more than the server's. */
        private Duration skew() {
            return switch (this) {
                case AHEAD -> Duration.ofMinutes(20);
                case BEHIND -> Duration.ofMinutes(-20);
                default -> Duration.ZERO;
            };
        }
    }

    /** Decides by the number of the request, from 1, by its method and its path with query. */
    @FunctionalInterface
    public interface Plan {
        Fault fault(int request, String method, String path);
    }

    private final HttpServer server;
    private final OkHttpClient client = new OkHttpClient();
    private final int target;
    private final AtomicInteger requests = new AtomicInteger();
    private volatile Plan plan = (request, method, path) -> Fault.NONE;

    public FaultyProxy(int target) throws IOException {
        this.target = target;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::handle);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    public String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    public void spoil(Plan next) {
        requests.set(0);
        plan = next;
    }

    public int requests() {
        return requests.get();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            URI uri = exchange.getRequestURI();
            Fault fault = plan.fault(requests.incrementAndGet(), exchange.getRequestMethod(), uri.toString());
            switch (fault) {
                case REFUSED -> answer(exchange, 503, "<Error><Code>SlowDown</Code></Error>");
                case BROKEN -> answer(exchange, 500, "something went wrong");
                case FULL -> answer(exchange, 507, "full");
                default -> forward(exchange, fault);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        byte[] bytes = ArtifactStoreContract.bytes(body);
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : bytes.length);
        if (!head) {
            exchange.getResponseBody().write(bytes);
        }
    }

    private void forward(HttpExchange exchange, Fault fault) throws IOException, InterruptedException {
        Thread.sleep(fault.delay());
        try (Response answer =
                client.newCall(shifted(request(exchange), fault.skew())).execute()) {
            if (fault != Fault.ANSWER_LOST) {
                pass(exchange, answer, fault);
            }
        }
    }

    private static void pass(HttpExchange exchange, Response answer, Fault fault) throws IOException {
        answer.headers().forEach(header -> {
            if (!OWN.contains(header.getFirst().toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().add(header.getFirst(), header.getSecond());
            }
        });
        if (exchange.getRequestMethod().equals("HEAD")) {
            String length = answer.header("Content-Length");
            if (length != null) {
                exchange.getResponseHeaders().set("Content-Length", length);
            }
            exchange.sendResponseHeaders(answer.code(), -1);
            return;
        }
        byte[] body = answer.body().bytes();
        exchange.sendResponseHeaders(answer.code(), body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body, 0, fault == Fault.TRUNCATED ? body.length / 2 : body.length);
        exchange.getResponseBody().flush();
    }

    /** The signature covers the host that the client asked: this proxy's. So it is kept as it was. */
    private Request request(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String method = exchange.getRequestMethod();
        Request.Builder request = new Request.Builder()
                .url("http://127.0.0.1:" + target + exchange.getRequestURI())
                .method(method, Set.of("PUT", "POST").contains(method) ? RequestBody.create(body, null) : null);
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!OWN.contains(name.toLowerCase(Locale.ROOT)) || name.equalsIgnoreCase("host")) {
                values.forEach(value -> request.addHeader(name, value));
            }
        });
        return request.header("Accept-Encoding", "identity").build();
    }

    /** As a client signs it whose clock shows so much more. */
    private static Request shifted(Request request, Duration skew) {
        String date = request.header(DATE);
        if (skew.isZero() || date == null) {
            return request;
        }
        ZonedDateTime shown = ZonedDateTime.parse(date, Time.AMZ_DATE_FORMAT).plus(skew);
        try {
            return Signer.signV4S3(
                    request.newBuilder()
                            .header(DATE, shown.format(Time.AMZ_DATE_FORMAT))
                            .removeHeader("Authorization")
                            .build(),
                    S3ProxyServer.REGION,
                    S3ProxyServer.ACCESS,
                    S3ProxyServer.SECRET,
                    Objects.requireNonNull(request.header("x-amz-content-sha256")));
        } catch (MinioException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        client.connectionPool().evictAll();
    }
}
