package dev.quern.api.safety;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.regex.Pattern;

/**
 * Refuses an address that is no text: a path with an incomplete escape, which Tomcat passes on behind a semicolon, and
 * a query with NUL, which no text of ours contains and PostgreSQL does not take.
 */
final class TargetFilter extends SafetyFilter {
    private static final long serialVersionUID = 1L;
    private static final Pattern INCOMPLETE_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})");

    @Override
    void check(HttpServletRequest request, HttpServletResponse response) {
        if (INCOMPLETE_ESCAPE.matcher(request.getRequestURI()).find()) {
            throw new QuernException(
                    ErrorCode.MALFORMED_REQUEST,
                    "path: % without two hexadecimal digits (expected: %25 for a % itself)");
        }
        String query = request.getQueryString();
        if (query != null && query.contains("%00")) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, "query: contains NUL, %00 (expected: text)");
        }
    }
}
