package dev.quern.artifacts;

import java.io.IOException;

/** The store belongs to another installation, whose objects nobody else may delete. */
public final class ForeignStoreException extends IOException {
    private static final long serialVersionUID = 1L;

    public ForeignStoreException(String marker, String owner, String installation) {
        super("store: " + marker + " names the installation " + owner + " (expected: " + installation
                + "; give every installation a place of its own, or delete the marker of one that is gone for good)");
    }
}
