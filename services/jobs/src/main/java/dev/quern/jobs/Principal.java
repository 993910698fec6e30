package dev.quern.jobs;

import java.util.Collections;
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
}
