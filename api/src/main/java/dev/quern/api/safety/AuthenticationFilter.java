package dev.quern.api.safety;

import dev.quern.api.caller.Caller;
import dev.quern.api.caller.FormToken;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Optional;

/**
 * Nothing is anonymous but the health of the process, the login, the assets of the pages and what describes the API. A
 * caller has a key, or a session whose requests that change something carry the form token. Reading needs the scope
 * read, everything else at least submit.
 */
final class AuthenticationFilter extends SafetyFilter {
    private static final long serialVersionUID = 1L;
    static final String COOKIE = "quern_session";
    private static final String BEARER = "Bearer ";

    private final transient AccessRepository access;

    AuthenticationFilter(AccessRepository access) {
        this.access = access;
    }

    @Override
    void check(HttpServletRequest request, HttpServletResponse response) {
        if (isOpen(request.getServletPath()) || isSigned(request)) {
            return;
        }
        Caller caller = bearer(request).or(() -> session(request)).orElseThrow(AuthenticationFilter::unknown);
        // Before anything is refused: the page that says so belongs to the session.
        caller.attach(request);
        boolean safe = isSafe(request);
        boolean reading = safe || request.getServletPath().equals("/logout");
        caller.require(reading ? Scope.READ : Scope.SUBMIT, request.getMethod() + " " + request.getServletPath());
        if (!safe && caller.formToken() != null) {
            requireFormToken(request, caller.formToken());
        }
    }

    private static boolean isOpen(String path) {
        return path.equals("/health")
                || path.startsWith("/health/")
                || path.equals("/login")
                || path.equals("/docs")
                || path.equals("/openapi.json")
                || path.startsWith("/problems/")
                || path.startsWith("/assets/");
    }

    /** The address of a part carries a signature of its own, which is checked where the part is taken. */
    private static boolean isSigned(HttpServletRequest request) {
        return request.getMethod().equals("PUT") && request.getServletPath().equals("/api/v1/uploads/parts");
    }

    private Optional<Caller> bearer(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return Optional.empty();
        }
        return access.authenticate(header.substring(BEARER.length()).strip())
                .map(principal -> new Caller(principal, null));
    }

    private Optional<Caller> session(HttpServletRequest request) {
        return cookie(request)
                .flatMap(token -> access.session(token).map(principal -> new Caller(principal, FormToken.of(token))));
    }

    static Optional<String> cookie(HttpServletRequest request) {
        Cookie[] cookies = request.getCookies();
        if (cookies == null) {
            return Optional.empty();
        }
        for (Cookie cookie : cookies) {
            if (cookie.getName().equals(COOKIE)) {
                return Optional.of(cookie.getValue());
            }
        }
        return Optional.empty();
    }

    private static void requireFormToken(HttpServletRequest request, String expected) {
        String header = request.getHeader(FormToken.HEADER);
        String given = header == null ? request.getParameter(FormToken.FIELD) : header;
        if (!FormToken.matches(expected, given)) {
            throw new QuernException(
                    ErrorCode.FORBIDDEN,
                    FormToken.FIELD + ": missing or wrong (expected: the token of the page's form)");
        }
    }

    private static QuernException unknown() {
        // The same words for a missing, unknown and revoked key: they tell nothing about keys.
        return new QuernException(
                ErrorCode.UNAUTHENTICATED, "Authorization: no valid key (expected: Bearer with a key, or a session)");
    }
}
