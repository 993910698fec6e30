package dev.quern.recipes.error;

import java.util.List;

/**
 * An error that a person can act on. The message names the value and what was expected, as in {@code grid.bits: 9
 * (expected: 2 to 8)}.
 */
public final class QuernException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final List<Violation> violations;

    /** One wrong value. {@code pointer} is a JSON pointer (RFC 6901) into the document, empty for the whole of it. */
    public record Violation(String pointer, String message) implements java.io.Serializable {
        /** @param pointer of the value, which the message names with dots */
        public static Violation of(String pointer, String value, String expected) {
            return new Violation(pointer, name(pointer) + ": " + value + " (expected: " + expected + ")");
        }

        /** The place as people write it: {@code /grid/bits} is {@code grid.bits}. */
        public static String name(String pointer) {
            return pointer.substring(1).replace('/', '.');
        }
    }

    public QuernException(ErrorCode code, String message) {
        this(code, message, List.of());
    }

    public QuernException(ErrorCode code, String message, List<Violation> violations) {
        super(message);
        this.code = code;
        this.violations = List.copyOf(violations);
    }

    public QuernException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
        this.violations = List.of();
    }

    public ErrorCode code() {
        return code;
    }

    /** The wrong values of a document, in document order; empty where the error is not about a document. */
    public List<Violation> violations() {
        return violations;
    }
}
