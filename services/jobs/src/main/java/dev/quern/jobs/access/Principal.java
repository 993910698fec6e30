package dev.quern.jobs.access;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Collections;
import java.util.Locale;
import java.util.Set;

/**
 * Who asks.
 *
 * @param tenant whose jobs and outputs are visible
 * @param name for the log, for example {@code cli}
 */
public record Principal(String tenant, String name, Set<Scope> scopes) {
    public Principal {
        scopes = Set.copyOf(scopes);
    }

    /** The scope that includes all others it holds. */
    public Scope highest() {
        return Collections.max(scopes);
    }

    public boolean may(Scope scope) {
        return scopes.stream().anyMatch(held -> held.compareTo(scope) >= 0);
    }

    /**
     * @param what is refused, for the message
     * @throws QuernException FORBIDDEN
     */
    public void require(Scope scope, String what) {
        if (!may(scope)) {
            throw new QuernException(
                    ErrorCode.FORBIDDEN,
                    what + ": refused to " + name + " (expected: a key with scope "
                            + scope.name().toLowerCase(Locale.ROOT) + ")");
        }
    }
}
