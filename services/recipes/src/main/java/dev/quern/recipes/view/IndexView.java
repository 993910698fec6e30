package dev.quern.recipes.view;

import java.util.Map;

/**
 * GET /api/v1.
 *
 * @param apiVersion of requests, {@code quern/v1}
 * @param version of the server
 * @param build a hash of the server's sources; unknown where the launcher did not make the build
 * @param links paths by what is there
 */
public record IndexView(String apiVersion, String version, String build, Map<String, String> links) {
    public IndexView {
        links = Map.copyOf(links);
    }
}
