package dev.quern.jobs;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as it is asked for, validated by the caller.
 *
 * @param source the checkpoint's folder
 * @param prefix the output's name, claimed with the job; null is the job's id
 * @param recipeName for lists
 * @param request the {@code JobRequest} as JSON
 * @param recipe the resolved {@code Recipe} as JSON
 * @param idempotency null where the caller sent no key
 */
public record Submission(
        Principal principal,
        @Nullable String name,
        String source,
        @Nullable String prefix,
        String recipeName,
        String request,
        String recipe,
        Map<String, String> labels,
        boolean detach,
        @Nullable Idempotency idempotency) {
    public Submission {
        labels = Map.copyOf(labels);
    }

    /** The header's value, and the SHA-256 of the body in hex. */
    public record Idempotency(String key, String bodyHash) {}
}
