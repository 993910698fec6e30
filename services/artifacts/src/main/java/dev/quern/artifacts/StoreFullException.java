package dev.quern.artifacts;

import java.nio.file.FileSystemException;

/** The store has no room for the object. Like a full disk, so that callers need to know one kind of it. */
public final class StoreFullException extends FileSystemException {
    private static final long serialVersionUID = 1L;

    /**
     * @param what was being written
     * @param reason the store's own words
     */
    public StoreFullException(String what, String reason) {
        super(what, null, "No space left on device (the store: " + reason + ")");
    }
}
