package dev.quern.recipes.view;

import dev.quern.recipes.codec.Default;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An API key as GET /api/v1/keys answers it.
 *
 * @param name whom it stands for, as logs and limits name it
 * @param createdBy the name of the key that made it; null for the installation's own
 * @param expiresAt null is never
 * @param lastUsedAt to about ten minutes; null is never
 * @param key the secret, in the answer that makes it and never again
 */
public record KeyView(
        String id,
        String name,
        Scope scope,
        Instant createdAt,
        @Nullable String createdBy,
        @Nullable Instant expiresAt,
        @Nullable Instant lastUsedAt,
        @Nullable Instant revokedAt,
        @Nullable String key) {
    /** What a key may do; each scope includes those before it. */
    public enum Scope {
        /** Looks at jobs, reports and results. */
        READ,
        /** Submits, stops and continues jobs, and uploads. */
        SUBMIT,
        /** Names files of the server, approves, deletes, and manages keys. */
        ADMIN
    }

    /**
     * The body of POST /api/v1/keys.
     *
     * @param name 1 to 64 letters, digits or {@code ._@-}
     * @param expiresInDays 1 to 3650; null is never
     */
    public record Request(
            String name,
            @Default("\"submit\"") Scope scope,
            @Nullable Integer expiresInDays) {}

    /** GET /api/v1/keys, the newest first, those that are revoked or have expired included. */
    public record Page(List<KeyView> keys) {
        public Page {
            keys = List.copyOf(keys);
        }
    }
}
