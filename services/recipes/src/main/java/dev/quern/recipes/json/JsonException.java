package dev.quern.recipes.json;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;

/** Text that is not JSON (or not our part of YAML), with the place. */
public final class JsonException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int line;
    private final int column;

    public JsonException(int line, int column, String message) {
        super("line " + line + ", column " + column + ": " + message);
        this.line = line;
        this.column = column;
    }

    /** From 1. */
    public int line() {
        return line;
    }

    /** From 1, in UTF-16 units. */
    public int column() {
        return column;
    }

    /** As an error of a document: {@code <what>: line 3, column 7: …}. */
    public QuernException in(String what, ErrorCode code) {
        return new QuernException(code, what + ": " + getMessage(), this);
    }
}
