package dev.quern.api.safety;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Refuses a query with NUL, which no text of ours contains and PostgreSQL does not take. */
final class QueryFilter extends SafetyFilter {
    private static final long serialVersionUID = 1L;

    @Override
    void check(HttpServletRequest request, HttpServletResponse response) {
        String query = request.getQueryString();
        if (query != null && query.contains("%00")) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, "query: contains NUL, %00 (expected: text)");
        }
    }
}
