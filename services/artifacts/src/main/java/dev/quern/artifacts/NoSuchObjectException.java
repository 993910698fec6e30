package dev.quern.artifacts;

import java.io.IOException;

/** There is no object under the key. */
public final class NoSuchObjectException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoSuchObjectException(String key) {
        super("object: " + key + " (expected: one that exists)");
    }
}
