package dev.quern.artifacts;

import java.net.SocketException;

/**
 * The store did not answer, or answered that it cannot now, for as long as it was asked. The same call may succeed
 * later.
 */
public final class StoreUnavailableException extends SocketException {
    private static final long serialVersionUID = 1L;

    public StoreUnavailableException(String what, Throwable cause) {
        this(what + ": " + cause);
        initCause(cause);
    }

    public StoreUnavailableException(String message) {
        super("store unavailable: " + message);
    }
}
