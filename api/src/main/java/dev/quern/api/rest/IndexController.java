package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.settings.ServerVersion;
import dev.quern.recipes.view.IndexView;
import dev.quern.recipes.view.KeyView;
import dev.quern.recipes.view.WhoView;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Where a client begins: the parts of the API, and the client's own identity. */
@RestController
final class IndexController {
    private static final Map<String, String> LINKS = new TreeMap<>(Map.ofEntries(
            Map.entry("jobs", "/api/v1/jobs"),
            Map.entry("estimate", "/api/v1/estimate"),
            Map.entry("uploads", "/api/v1/uploads"),
            Map.entry("recipes", "/api/v1/recipes"),
            Map.entry("workers", "/api/v1/workers"),
            Map.entry("storage", "/api/v1/storage"),
            Map.entry("keys", "/api/v1/keys"),
            Map.entry("whoami", "/api/v1/whoami"),
            Map.entry("openapi", "/openapi.json"),
            Map.entry("docs", "/docs"),
            Map.entry("health", "/health")));

    @GetMapping("/api/v1")
    IndexView index() {
        return new IndexView("quern/v1", ServerVersion.NUMBER, ServerVersion.build(), LINKS);
    }

    @GetMapping("/api/v1/whoami")
    WhoView whoami(Caller caller) {
        return new WhoView(
                caller.principal().name(),
                caller.tenant(),
                KeyView.Scope.valueOf(caller.principal().highest().name()),
                caller.formToken() != null,
                ServerVersion.NUMBER);
    }
}
