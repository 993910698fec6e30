package dev.quern.artifacts.s3;

import java.io.IOException;

/** An answer of an S3 server that is neither success nor one of the kinds that have an exception of their own. */
final class S3StatusException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;

    S3StatusException(String what, int status, String code, String message) {
        super(what + ": " + status + " " + code + ", " + message);
        this.status = status;
        this.code = code;
    }

    /** A condition on the object did not hold, or another writer was at it. */
    boolean lost() {
        return status == 412
                || status == 409
                || code.equals("PreconditionFailed")
                || code.equals("ConditionalRequestConflict");
    }

    boolean is(String other) {
        return code.equals(other);
    }

    int status() {
        return status;
    }
}
