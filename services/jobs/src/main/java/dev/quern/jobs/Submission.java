package dev.quern.jobs;

import dev.quern.jobs.access.Principal;
import dev.quern.recipes.JobRequest.Limits;
import dev.quern.recipes.JobRequest.Placement;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as it is asked for, validated by the caller.
 *
 * @param source the checkpoint, as {@code JobRequest.Source.location()} names it
 * @param result the finished result that is to be evaluated, as {@code JobRequest.Result.location()} names it; null for
 *     a compression
 * @param outputs at least one; its name is in lists
 * @param request the {@code JobRequest} as JSON
 * @param idempotency null where the caller sent no key
 */
public record Submission(
        Principal principal,
        @Nullable String name,
        String source,
        @Nullable String result,
        List<Output> outputs,
        String request,
        Map<String, String> labels,
        boolean detach,
        @Nullable Idempotency idempotency,
        @Nullable Placement placement,
        @Nullable Limits limits) {
    public Submission {
        outputs = List.copyOf(outputs);
        if (outputs.isEmpty()) {
            throw new IllegalArgumentException("outputs: none (expected: at least one)");
        }
        labels = Map.copyOf(labels);
    }

    /**
     * A result as it is asked for.
     *
     * @param prefix its name, claimed with the job; null is made of the job's id
     * @param uri where it goes instead of the store's outputs, claimed with the job; null is the store
     * @param recipeName for lists
     * @param recipe the resolved {@code Recipe} as JSON; null for an evaluation
     */
    public record Output(
            @Nullable String prefix,
            @Nullable String uri,
            String recipeName,
            @Nullable String recipe) {}

    /** With one output that goes to the store, anywhere, without limits. */
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
                null,
                List.of(new Output(prefix, null, recipeName, recipe)),
                request,
                labels,
                detach,
                idempotency,
                null,
                null);
    }

    /** The header's value, and the SHA-256 of the body in hex. */
    public record Idempotency(String key, String bodyHash) {}
}
