package dev.quern.artifacts;

import java.io.IOException;

/** The object under the key is not the version that was asked for. */
public final class ObjectChangedException extends IOException {
    private static final long serialVersionUID = 1L;

    public ObjectChangedException(String key, String etag) {
        super("object: " + key + " has changed (expected: the version " + etag + ")");
    }
}
