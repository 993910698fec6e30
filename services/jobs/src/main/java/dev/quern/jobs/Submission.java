package dev.quern.jobs;

import dev.quern.recipes.JobRequest.Limits;
import dev.quern.recipes.JobRequest.Placement;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as it is asked for, validated by the caller.
 *
 * @param source the checkpoint, as {@code JobRequest.Source.location()} names it
 * @param prefix the output's name, claimed with the job; null is the job's id
 * @param uri where the result goes instead of the store's outputs, claimed with the job; null is the store
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
        @Nullable String uri,
        String recipeName,
        String request,
        String recipe,
        Map<String, String> labels,
        boolean detach,
        @Nullable Idempotency idempotency,
        @Nullable Placement placement,
        @Nullable Limits limits) {
    public Submission {
        labels = Map.copyOf(labels);
    }

    /** One that goes to the store's outputs, anywhere, without limits. */
    public Submission(
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
        this(
                principal,
                name,
                source,
                prefix,
                null,
                recipeName,
                request,
                recipe,
                labels,
                detach,
                idempotency,
                null,
                null);
    }

    /** The header's value, and the SHA-256 of the body in hex. */
    public record Idempotency(String key, String bodyHash) {}
}
