package dev.quern.artifacts;

import java.io.IOException;

/** There is no such upload, or no more: it was completed or aborted. */
public final class NoSuchUploadException extends IOException {
    private static final long serialVersionUID = 1L;

    public NoSuchUploadException(String key, String upload) {
        super("upload: " + upload + " of " + key + " (expected: one that was started and has not ended)");
    }
}
