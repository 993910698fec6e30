package dev.quern.api.caller;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import org.springframework.web.context.request.RequestAttributes;
import org.springframework.web.context.request.RequestContextHolder;
import org.springframework.web.context.request.ServletRequestAttributes;

/**
 * Bounds the bytes of request bodies in memory over all requests, since a parsed body takes up to 60 times its size. A
 * byte counts from its arrival to the end of its request, so a slow sender holds only what it has sent.
 */
public final class BodyBudget {
    private static final String HELD = BodyBudget.class.getName();
    private static final int CHUNK = 8192;
    /** How long a request waits for others to finish. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** From the first byte of a body to its last. */
    private static final Duration SENDING = Duration.ofSeconds(30);

    private final Shares bytes;

    /** @param bytes in all; one caller alone gets half of them */
    public BodyBudget(int bytes) {
        this.bytes = new Shares(bytes);
    }

    /**
     * The whole body of the current request.
     *
     * @param most bytes
     * @throws QuernException INVALID_REQUEST for a longer body, UNAVAILABLE while other bodies take all the memory
     *     there is for them
     */
    public byte[] read(InputStream body, int most) throws IOException {
        RequestAttributes request = RequestContextHolder.currentRequestAttributes();
        String holder = holder(request);
        long end = System.nanoTime() + SENDING.toNanos();
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        // One byte more than allowed tells a full body from one that was cut.
        for (byte[] chunk = new byte[CHUNK]; all.size() <= most; ) {
            int count = body.read(chunk, 0, Math.min(CHUNK, most + 1 - all.size()));
            if (count < 0) {
                return all.toByteArray();
            }
            if (System.nanoTime() > end) {
                throw new InterruptedIOException("not sent within " + SENDING.toSeconds() + " s");
            }
            take(request, holder, count);
            all.write(chunk, 0, count);
        }
        throw new QuernException(ErrorCode.INVALID_REQUEST, "body: longer (expected: at most " + most + " bytes here)");
    }

    private void take(RequestAttributes request, String holder, int count) throws IOException {
        try {
            if (!bytes.take(holder, count, PATIENCE)) {
                throw new QuernException(
                        ErrorCode.UNAVAILABLE, "requests: too many at a time (expected: again in a moment)");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the server is being stopped");
        }
        Integer before = (Integer) request.getAttribute(HELD, RequestAttributes.SCOPE_REQUEST);
        int held = count + (before == null ? 0 : before);
        request.setAttribute(HELD, held, RequestAttributes.SCOPE_REQUEST);
        // Replaces the callback of the chunk before.
        request.registerDestructionCallback(HELD, () -> bytes.release(holder, held), RequestAttributes.SCOPE_REQUEST);
    }

    /** Bodies of records are only read for callers with a key or a session. */
    private static String holder(RequestAttributes request) {
        HttpServletRequest servlet = ((ServletRequestAttributes) request).getRequest();
        Caller caller = Caller.of(servlet);
        return caller == null ? "" : caller.holder();
    }
}
