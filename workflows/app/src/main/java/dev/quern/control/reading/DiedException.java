package dev.quern.control.reading;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;

/** A reading process did not survive a question, or had to be killed. */
final class DiedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final String what;
    private final boolean late;

    /**
     * @param code of the error that its question gets
     * @param what it was reading
     * @param how for a sentence that begins with "a process that reads it"
     * @param late it was killed because its time was over
     */
    DiedException(ErrorCode code, String what, String how, boolean late) {
        super(how);
        this.code = code;
        this.what = what;
        this.late = late;
    }

    String what() {
        return what;
    }

    boolean late() {
        return late;
    }

    QuernException refusal() {
        return new QuernException(
                code,
                what + ": cannot be read, "
                        + (late ? "a process that reads it " : "each of two processes that read it ") + getMessage()
                        + " (expected: what can be read within limits of memory and time)",
                this);
    }
}
