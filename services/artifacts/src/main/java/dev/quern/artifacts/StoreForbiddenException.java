package dev.quern.artifacts;

import java.nio.file.AccessDeniedException;

/** The store refuses these credentials, or what they ask for. */
public final class StoreForbiddenException extends AccessDeniedException {
    private static final long serialVersionUID = 1L;

    /**
     * @param what was asked
     * @param reason the store's own words
     */
    public StoreForbiddenException(String what, String reason) {
        super(what, null, "refused by the store: " + reason);
    }
}
