package dev.quern.api.safety;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** Believes X-Forwarded-Proto of the proxies that the operator named, and of nobody else: cookies are then Secure. */
final class ProxyFilter extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private final transient Networks proxies;

    ProxyFilter(Networks proxies) {
        this.proxies = proxies;
    }

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        boolean https = "https".equalsIgnoreCase(request.getHeader("X-Forwarded-Proto"));
        chain.doFilter(https && proxies.contain(request.getRemoteAddr()) ? new Secured(request) : request, response);
    }

    /** As the browser sent it. */
    private static final class Secured extends HttpServletRequestWrapper {
        Secured(HttpServletRequest request) {
            super(request);
        }

        @Override
        public boolean isSecure() {
            return true;
        }

        @Override
        public String getScheme() {
            return "https";
        }
    }
}
