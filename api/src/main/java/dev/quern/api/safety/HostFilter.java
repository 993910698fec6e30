package dev.quern.api.safety;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a Host that is not ours, which stops a foreign name that was made to resolve to this address, and an Origin
 * other than the Host, which stops requests that a foreign page makes.
 */
final class HostFilter extends SafetyFilter {
    private static final long serialVersionUID = 1L;

    // Serializable, as a field of a servlet filter has to be.
    private final HashSet<String> hosts = new HashSet<>(Set.of("localhost", "127.0.0.1", "[::1]"));

    HostFilter(List<String> more) {
        more.forEach(host -> hosts.add(host.toLowerCase(Locale.ROOT)));
    }

    @Override
    void check(HttpServletRequest request, HttpServletResponse response) {
        String host = request.getHeader("Host");
        if (host == null || !hosts.contains(name(host))) {
            throw refused("Host", host);
        }
        String origin = request.getHeader("Origin");
        if (origin != null && !host.equalsIgnoreCase(authority(origin))) {
            throw refused("Origin", origin);
        }
    }

    private static QuernException refused(String header, @Nullable String value) {
        return new QuernException(ErrorCode.FORBIDDEN, header + ": " + value + " (expected: a name of this server)");
    }

    private static String name(String host) {
        int port = host.lastIndexOf(':');
        boolean bare = port < 0 || host.endsWith("]");
        return (bare ? host : host.substring(0, port)).toLowerCase(Locale.ROOT);
    }

    private static @Nullable String authority(String origin) {
        try {
            return URI.create(origin).getRawAuthority();
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
