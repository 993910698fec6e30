package dev.quern.api.problem;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import java.util.List;
import org.springframework.http.HttpStatus;

/**
 * An error as RFC 9457 describes it.
 *
 * @param code a slug of {@link ErrorCode}
 * @param detail names the value and what was expected
 * @param violations one entry per wrong value, with a JSON pointer into the body; empty where the error is not about a
 *     body
 */
public record Problem(String type, String title, int status, String code, String detail, List<Violation> violations) {
    public static final String MEDIA_TYPE = "application/problem+json";

    private static final int MOST_VIOLATIONS = 100;
    private static final int MOST_CHARACTERS = 1000;

    public Problem {
        violations = List.copyOf(violations);
    }

    public static Problem of(ErrorCode code, String detail) {
        return of(status(code), code, detail, List.of());
    }

    /** What Tomcat or Spring refuses with a status and no code of ours. */
    public static Problem of(HttpStatus status, String detail) {
        ErrorCode code = switch (status) {
            case NOT_FOUND -> ErrorCode.NOT_FOUND;
            case METHOD_NOT_ALLOWED, NOT_IMPLEMENTED -> ErrorCode.METHOD_NOT_ALLOWED;
            case UNSUPPORTED_MEDIA_TYPE, NOT_ACCEPTABLE -> ErrorCode.UNSUPPORTED_MEDIA_TYPE;
            case SERVICE_UNAVAILABLE -> ErrorCode.UNAVAILABLE;
            default -> status.is5xxServerError() ? ErrorCode.INTERNAL : ErrorCode.MALFORMED_REQUEST;
        };
        return of(status, code, detail, List.of());
    }

    /** What a request brings, the answer repeats only in part. */
    static Problem of(QuernException e) {
        List<Violation> shown = e.violations().stream()
                .limit(MOST_VIOLATIONS)
                .map(one -> new Violation(cut(one.pointer()), cut(one.message())))
                .toList();
        return of(status(e.code()), e.code(), cut(String.valueOf(e.getMessage())), shown);
    }

    private static String cut(String text) {
        return text.length() <= MOST_CHARACTERS ? text : text.substring(0, MOST_CHARACTERS) + "…";
    }

    private static Problem of(HttpStatus status, ErrorCode code, String detail, List<Violation> violations) {
        return new Problem(
                "/problems/" + code.slug(), status.getReasonPhrase(), status.value(), code.slug(), detail, violations);
    }

    private static HttpStatus status(ErrorCode code) {
        return switch (code) {
            case MALFORMED_REQUEST -> HttpStatus.BAD_REQUEST;
            case METHOD_NOT_ALLOWED -> HttpStatus.METHOD_NOT_ALLOWED;
            case UNSUPPORTED_MEDIA_TYPE -> HttpStatus.UNSUPPORTED_MEDIA_TYPE;
            case NOT_FOUND -> HttpStatus.NOT_FOUND;
            case CONFLICT, OUTPUT_TAKEN -> HttpStatus.CONFLICT;
            case UNAUTHENTICATED -> HttpStatus.UNAUTHORIZED;
            case FORBIDDEN, ADDRESS_EXPIRED -> HttpStatus.FORBIDDEN;
            case TOO_MANY_REQUESTS -> HttpStatus.TOO_MANY_REQUESTS;
            default -> status(code.kind());
        };
    }

    private static HttpStatus status(ErrorCode.Kind kind) {
        return switch (kind) {
            case USER -> HttpStatus.UNPROCESSABLE_CONTENT;
            case RESOURCES -> HttpStatus.SERVICE_UNAVAILABLE;
            case INTERNAL -> HttpStatus.INTERNAL_SERVER_ERROR;
        };
    }
}
