package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.JobIds;
import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.access.ApiKey;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.view.KeyView;
import java.net.URI;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** The keys of a tenant: made, listed and revoked by a key with scope admin. */
@RestController
@RequestMapping("/api/v1/keys")
final class KeysController {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._@-]{1,64}");
    private static final int MOST_DAYS = 3650;

    private final AccessRepository access;

    KeysController(AccessRepository access) {
        this.access = access;
    }

    /** The one answer that has the secret. */
    @PostMapping
    ResponseEntity<KeyView> create(@RequestBody KeyView.Request request, Caller caller) {
        caller.require(Scope.ADMIN, "keys");
        if (!NAME.matcher(request.name()).matches()) {
            throw refused("/name", request.name(), "1 to 64 letters, digits or ._@-");
        }
        Integer days = request.expiresInDays();
        if (days != null && (days < 1 || days > MOST_DAYS)) {
            throw refused("/expiresInDays", days.toString(), "1 to " + MOST_DAYS);
        }
        Principal principal = new Principal(
                caller.tenant(),
                request.name(),
                Set.of(Scope.valueOf(request.scope().name())));
        ApiKey.Created created = access.create(principal, caller.principal().name(), days);
        return ResponseEntity.created(URI.create("/api/v1/keys/" + created.key().id()))
                .body(created.key().view(created.secret()));
    }

    @GetMapping
    KeyView.Page list(Caller caller) {
        caller.require(Scope.ADMIN, "keys");
        return new KeyView.Page(
                access.list(caller.tenant()).stream().map(ApiKey::view).toList());
    }

    @GetMapping("/{id}")
    KeyView show(@PathVariable String id, Caller caller) {
        caller.require(Scope.ADMIN, "keys");
        return find(id, caller).view();
    }

    /** Ends its sessions as well. Repeatable. */
    @DeleteMapping("/{id}")
    ResponseEntity<Void> revoke(@PathVariable String id, Caller caller) {
        caller.require(Scope.ADMIN, "keys");
        ApiKey key = find(id, caller);
        if (key.createdBy() == null && key.revokedAt() == null) {
            throw new QuernException(
                    ErrorCode.CONFLICT,
                    "key: " + key.principal().name() + " is the installation's own (expected: one that was made here; "
                            + "that one goes when its file, DATA/token or QUERN_BOOTSTRAP_KEY_FILE, holds another)");
        }
        access.revoke(caller.tenant(), key.id());
        return ResponseEntity.noContent().build();
    }

    private ApiKey find(String id, Caller caller) {
        return JobIds.parse(id)
                .flatMap((UUID uuid) -> access.find(caller.tenant(), uuid))
                .orElseThrow(
                        () -> new QuernException(ErrorCode.NOT_FOUND, "key: " + id + " (expected: the id of a key)"));
    }

    private static QuernException refused(String pointer, String value, String expected) {
        String message = pointer.substring(1) + ": " + value + " (expected: " + expected + ")";
        return new QuernException(
                ErrorCode.INVALID_REQUEST, message, java.util.List.of(new Violation(pointer, message)));
    }
}
