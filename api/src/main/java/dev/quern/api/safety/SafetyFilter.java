package dev.quern.api.safety;

import dev.quern.api.problem.ProblemWriter;
import dev.quern.api.problem.Problems;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** One check before a request is served; what it throws becomes a problem. */
abstract class SafetyFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    @Override
    protected final void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        try {
            check(request, response);
        } catch (RuntimeException e) {
            ProblemWriter.write(request, response, Problems.of(e));
            return;
        }
        chain.doFilter(request, response);
    }

    /** Throws to refuse. */
    abstract void check(HttpServletRequest request, HttpServletResponse response);

    /** A request that changes nothing. */
    static boolean isSafe(HttpServletRequest request) {
        return switch (request.getMethod()) {
            case "GET", "HEAD", "OPTIONS" -> true;
            default -> false;
        };
    }
}
