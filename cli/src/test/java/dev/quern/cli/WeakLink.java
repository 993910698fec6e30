package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * A proxy between a command and its server that keeps a record, and that fails as networks do when the test wants it.
 */
final class WeakLink implements AutoCloseable {
    private static final Set<String> OF_THE_CONNECTION =
            Set.of("connection", "host", "content-length", "transfer-encoding", "upgrade", "http2-settings", "expect");

    /** What passed. */
    record Passed(String method, String path, String range, long sent, int status) {}

    private final HttpServer proxy;
    private final HttpClient client = HttpClient.newHttpClient();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final URI server;
    private final List<Passed> passed = new CopyOnWriteArrayList<>();
    private final AtomicInteger refusals = new AtomicInteger();
    private final AtomicInteger cuts = new AtomicInteger();
    private volatile Predicate<String> refused = path -> false;
    private volatile Predicate<String> cut = path -> false;
    private volatile long cutAfter;

    private WeakLink(URI server, HttpServer proxy) {
        this.server = server;
        this.proxy = proxy;
    }

    static WeakLink to(String server) throws IOException {
        HttpServer proxy = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        WeakLink link = new WeakLink(URI.create(server), proxy);
        proxy.createContext("/", link::pass);
        proxy.setExecutor(link.threads);
        proxy.start();
        return link;
    }

    String url() {
        return "http://127.0.0.1:" + proxy.getAddress().getPort();
    }

    /** The next {@code times} requests of these are answered with 503. */
    void refuse(int times, Predicate<String> methodAndPath) {
        refused = methodAndPath;
        refusals.set(times);
    }

    /** The next {@code times} answers to these end after so many bytes, without a word. */
    void cut(int times, long bytes, Predicate<String> methodAndPath) {
        cut = methodAndPath;
        cutAfter = bytes;
        cuts.set(times);
    }

    List<Passed> passed() {
        return List.copyOf(passed);
    }

    void forget() {
        passed.clear();
    }

    private void pass(HttpExchange exchange) {
        String what =
                exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath();
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (refused.test(what) && refusals.getAndDecrement() > 0) {
                exchange.sendResponseHeaders(503, -1);
                return;
            }
            HttpResponse<InputStream> answer = ask(exchange, body);
            // Before the answer: who has it may look at the record at once.
            passed.add(new Passed(
                    exchange.getRequestMethod(),
                    exchange.getRequestURI().getPath(),
                    String.valueOf(exchange.getRequestHeaders().getFirst("Range")),
                    body.length,
                    answer.statusCode()));
            try (InputStream in = what.endsWith("/parts") ? hereInstead(answer.body()) : answer.body()) {
                answer(exchange, answer, in, cut.test(what) && cuts.getAndDecrement() > 0);
            }
        } catch (IOException e) {
            // One of the two has gone: so does this connection.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Addresses of the server become addresses of this proxy. */
    private InputStream hereInstead(InputStream body) throws IOException {
        String text = new String(body.readAllBytes(), UTF_8);
        return new ByteArrayInputStream(text.replace(server.toString(), url()).getBytes(UTF_8));
    }

    private HttpResponse<InputStream> ask(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                        server.resolve(exchange.getRequestURI().toString()))
                .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        Headers headers = exchange.getRequestHeaders();
        headers.forEach((name, values) -> {
            if (!OF_THE_CONNECTION.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    }

    private void answer(HttpExchange exchange, HttpResponse<InputStream> answer, InputStream in, boolean cutOff)
            throws IOException {
        answer.headers().map().forEach((name, values) -> {
            if (!OF_THE_CONNECTION.contains(name.toLowerCase(java.util.Locale.ROOT))) {
                exchange.getResponseHeaders().put(name, values);
            }
        });
        // 0 sends chunks, -1 nothing.
        boolean changed = exchange.getRequestURI().getPath().endsWith("/parts");
        long length = changed
                ? in.available()
                : answer.headers().firstValueAsLong("Content-Length").orElse(0);
        boolean empty =
                length == 0 && answer.headers().firstValue("Transfer-Encoding").isEmpty();
        exchange.sendResponseHeaders(answer.statusCode(), empty ? -1 : length);
        if (empty) {
            return;
        }
        OutputStream out = exchange.getResponseBody();
        if (cutOff) {
            out.write(in.readNBytes((int) cutAfter));
            out.flush();
            throw new IOException("cut");
        }
        in.transferTo(out);
    }

    @Override
    public void close() {
        proxy.stop(0);
        threads.close();
        client.close();
    }
}
