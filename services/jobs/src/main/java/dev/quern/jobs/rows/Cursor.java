package dev.quern.jobs.rows;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.UUID;

/**
 * A place in a list of jobs or uploads: the last one of a page. Opaque to callers; survives inserts and deletes around
 * it.
 */
public record Cursor(Instant createdAt, UUID id) {
    public static Cursor parse(String text) {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(text), StandardCharsets.UTF_8).split(" ", -1);
            return new Cursor(
                    Instant.EPOCH.plus(Long.parseLong(parts[0]), ChronoUnit.MICROS), UUID.fromString(parts[1]));
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "cursor: " + text + " (expected: one that a page returned)", e);
        }
    }

    /** Microseconds, as PostgreSQL keeps them. */
    @Override
    public String toString() {
        String plain = ChronoUnit.MICROS.between(Instant.EPOCH, createdAt) + " " + id;
        return Base64.getUrlEncoder().withoutPadding().encodeToString(plain.getBytes(StandardCharsets.UTF_8));
    }
}
