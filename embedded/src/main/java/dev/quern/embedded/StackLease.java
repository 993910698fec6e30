package dev.quern.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Optional;

/**
 * A command's hold on a running stack: while one is held the stack stays. It ends when it is closed and when the
 * command dies.
 */
public final class StackLease implements AutoCloseable {
    private static final int CONNECT_MILLIS = 2_000;
    private static final int ANSWER_MILLIS = 10_000;

    private final StackInfo stack;
    private final String token;
    private final Socket socket;
    private final BufferedReader in;

    private StackLease(StackInfo stack, String token, Socket socket, BufferedReader in) {
        this.stack = stack;
        this.token = token;
        this.socket = socket;
        this.in = in;
    }

    /** A lease on the stack that runs on this folder; empty where none runs, or where it is ending. */
    public static Optional<StackLease> attach(DataFolder folder) {
        return folder.stack().flatMap(stack -> attach(folder, stack));
    }

    private static Optional<StackLease> attach(DataFolder folder, StackInfo stack) {
        Socket socket = new Socket();
        try {
            String token = folder.token();
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), stack.leasePort()), CONNECT_MILLIS);
            socket.setSoTimeout(ANSWER_MILLIS);
            StackLease lease = new StackLease(
                    stack, token, socket, new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8)));
            if ("ok".equals(lease.ask(token + " lease"))) {
                return Optional.of(lease);
            }
            lease.close();
        } catch (IOException e) {
            // The stack of this file has died, or its port belongs to somebody else now.
            close(socket);
        }
        return Optional.empty();
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private String ask(String line) throws IOException {
        socket.getOutputStream().write((line + "\n").getBytes(UTF_8));
        String answer = in.readLine();
        if (answer == null) {
            throw new IOException("the stack ended");
        }
        return answer;
    }

    public StackInfo stack() {
        return stack;
    }

    /** The key of the stack's API. */
    public String token() {
        return token;
    }

    /**
     * An address of the dashboard that works once, for a few minutes.
     *
     * @throws QuernException UNAVAILABLE when the stack has gone
     */
    public synchronized String link() {
        return answer("link");
    }

    /**
     * What keeps parts of the stack from running, for example a worker that dies whenever it is started: with the cause
     * and the log.
     *
     * @throws QuernException UNAVAILABLE when the stack has gone
     */
    public synchronized Optional<String> trouble() {
        return Optional.of(answer("trouble")).filter(trouble -> !trouble.isEmpty());
    }

    /**
     * Has parts of the stack that do not come up started again at once: what kept them from it may be mended.
     *
     * @throws QuernException UNAVAILABLE when the stack has gone
     */
    public synchronized void hurry() {
        answer("hurry");
    }

    private String answer(String line) {
        try {
            return ask(line);
        } catch (IOException e) {
            throw new QuernException(ErrorCode.UNAVAILABLE, "the stack of process " + stack.pid() + " has gone", e);
        }
    }

    @Override
    public void close() {
        close(socket);
    }
}
