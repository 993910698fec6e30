package dev.quern.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.MessageDigest;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where commands say that they need the stack. A lease is a connection: it ends with the command, however that ends. A
 * line {@code TOKEN lease} is answered with {@code ok}; after it a line {@code link} is answered with a one-time link
 * to the dashboard, and a line {@code trouble} with what keeps parts of the stack from running, or with an empty line.
 * A line {@code hurry} has such parts started again at once.
 */
final class LeaseServer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LeaseServer.class);
    /** A connection that says nothing for this long is no command of ours. */
    private static final int GREETING_MILLIS = 5_000;

    private static final int LONGEST_LINE = 256;

    private final ServerSocket server;
    private final byte[] greeting;
    private final Supplier<String> links;
    private final Supplier<String> troubles;
    private final Runnable hurry;
    private final Set<Socket> leases = ConcurrentHashMap.newKeySet();
    private boolean closed;

    private LeaseServer(
            ServerSocket server, String token, Supplier<String> links, Supplier<String> troubles, Runnable hurry) {
        this.server = server;
        this.greeting = (token + " lease").getBytes(UTF_8);
        this.links = links;
        this.troubles = troubles;
        this.hurry = hurry;
    }

    /**
     * @param links makes a link to the dashboard
     * @param troubles says in a line what keeps parts of the stack from running; nothing where all run
     * @param hurry has these parts started again at once
     */
    static LeaseServer start(String token, Supplier<String> links, Supplier<String> troubles, Runnable hurry)
            throws IOException {
        ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        LeaseServer leases = new LeaseServer(socket, token, links, troubles, hurry);
        Thread.ofVirtual().name("leases").start(leases::accept);
        return leases;
    }

    int port() {
        return server.getLocalPort();
    }

    /** Commands that hold a lease now. */
    int count() {
        return leases.size();
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket socket = server.accept();
                Thread.ofVirtual().name("lease").start(() -> serve(socket));
            } catch (IOException e) {
                if (!server.isClosed()) {
                    log.warn("A lease could not be accepted", e);
                }
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setSoTimeout(GREETING_MILLIS);
            InputStream in = new BufferedInputStream(socket.getInputStream(), LONGEST_LINE);
            String line = readLine(in);
            if (line == null || !MessageDigest.isEqual(greeting, line.getBytes(UTF_8)) || !grant(socket)) {
                return;
            }
            socket.setSoTimeout(0);
            answer(socket, "ok");
            for (line = readLine(in); line != null; line = readLine(in)) {
                answer(socket, reply(line));
            }
        } catch (IOException e) {
            log.debug("A lease ended", e);
        } finally {
            leases.remove(socket);
        }
    }

    private String reply(String line) {
        return switch (line) {
            case "link" -> links.get();
            case "trouble" -> troubles.get();
            case "hurry" -> {
                hurry.run();
                yield "ok";
            }
            default -> "unknown";
        };
    }

    /** Null at the end, and for a line that is longer than any of ours. */
    private static @Nullable String readLine(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next >= 0 && line.size() < LONGEST_LINE; next = in.read()) {
            if (next == '\n') {
                return line.toString(UTF_8).stripTrailing();
            }
            line.write(next);
        }
        return null;
    }

    /** False once the stack is ending: the command then starts a new one. */
    private synchronized boolean grant(Socket socket) {
        return !closed && leases.add(socket);
    }

    private static void answer(Socket socket, String line) throws IOException {
        socket.getOutputStream().write((line + "\n").getBytes(UTF_8));
    }

    /** True when nobody held a lease: from now on nobody gets one. */
    synchronized boolean closeIfIdle() {
        closed = leases.isEmpty();
        return closed;
    }

    @Override
    public void close() throws IOException {
        synchronized (this) {
            closed = true;
        }
        server.close();
        for (Socket lease : leases) {
            lease.close();
        }
    }
}
