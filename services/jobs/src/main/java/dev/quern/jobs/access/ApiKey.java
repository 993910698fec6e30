package dev.quern.jobs.access;

import dev.quern.recipes.view.KeyView;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A key as it is kept, without its secret.
 *
 * @param principal whom it stands for
 * @param createdBy null for the key that a file of the installation holds
 * @param lastUsedAt to about ten minutes
 */
public record ApiKey(
        UUID id,
        Principal principal,
        Instant createdAt,
        @Nullable String createdBy,
        @Nullable Instant expiresAt,
        @Nullable Instant lastUsedAt,
        @Nullable Instant revokedAt) {
    /** The same with its secret, which goes out once. */
    public record Created(ApiKey key, String secret) {}

    public KeyView view() {
        return view(null);
    }

    /** With the secret, for the answer that makes the key. */
    public KeyView view(@Nullable String secret) {
        return new KeyView(
                id.toString(),
                principal.name(),
                KeyView.Scope.valueOf(principal.highest().name()),
                createdAt,
                createdBy,
                expiresAt,
                lastUsedAt,
                revokedAt,
                secret);
    }
}
