package dev.quern.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /health} and {@code /metrics} of a process that serves no other HTTP: on the loopback interface, without a
 * key.
 */
public final class HttpPort implements AutoCloseable {
    private static final Pattern OURS =
            Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);

    private final HttpServer server;

    /** @param port 0 takes a free one */
    public HttpPort(int port, Supplier<String> metrics) {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
        } catch (IOException e) {
            throw new UncheckedIOException("port " + port, e);
        }
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/health", exchange -> answer(exchange, "application/json", () -> "{\"status\":\"UP\"}"));
        server.createContext("/metrics", exchange -> answer(exchange, "text/plain; version=0.0.4", metrics));
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private static void answer(HttpExchange exchange, String type, Supplier<String> content) throws IOException {
        try (exchange) {
            boolean ours = isOurs(exchange.getRequestHeaders().getFirst("Host"));
            byte[] bytes = (ours ? content.get() : "Host: expected a name of this machine\n").getBytes(UTF_8);
            exchange.getResponseHeaders().set("Content-Type", ours ? type : "text/plain");
            exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
            exchange.sendResponseHeaders(ours ? 200 : 403, bytes.length);
            exchange.getResponseBody().write(bytes);
        }
    }

    /** Stops a page in a browser of this machine whose name was made to resolve to the loopback interface. */
    private static boolean isOurs(@Nullable String host) {
        return host != null && OURS.matcher(host).matches();
    }
}
