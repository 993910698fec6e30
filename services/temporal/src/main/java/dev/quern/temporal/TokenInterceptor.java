package dev.quern.temporal;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.security.MessageDigest;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Refuses every call without the header {@code authorization: Bearer TOKEN}. */
final class TokenInterceptor implements ServerInterceptor {
    private static final Logger log = LoggerFactory.getLogger(TokenInterceptor.class);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

    /** A client with a wrong key asks again and again: one line in this time says enough. */
    private static final long BETWEEN_LINES_NANOS = 10_000_000_000L;

    private final byte[] expected;
    private final AtomicLong quietUntil = new AtomicLong(System.nanoTime());

    TokenInterceptor(String token) {
        this.expected = ("Bearer " + token).getBytes(UTF_8);
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        String given = headers.get(AUTHORIZATION);
        // The time of the comparison tells nothing about the key.
        if (given != null && MessageDigest.isEqual(expected, given.getBytes(UTF_8))) {
            return next.startCall(call, headers);
        }
        log(call);
        call.close(
                Status.UNAUTHENTICATED.withDescription(
                        "authorization: missing or wrong (expected: Bearer and the key)"),
                new Metadata());
        return new ServerCall.Listener<>() {};
    }

    private void log(ServerCall<?, ?> call) {
        long until = quietUntil.get();
        long now = System.nanoTime();
        if (now - until >= 0 && quietUntil.compareAndSet(until, now + BETWEEN_LINES_NANOS)) {
            log.warn(
                    "{} from {} was refused: its key is missing or wrong",
                    call.getMethodDescriptor().getBareMethodName(),
                    call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
        }
    }
}
