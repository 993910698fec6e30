package dev.quern.jobs;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobView;
import org.jspecify.annotations.Nullable;

/**
 * A result of a job, asked for or made.
 *
 * @param position among those of its job, from 0
 * @param recipe the resolved {@code Recipe} as JSON; null for an evaluation
 * @param prefix that it claims under the tenant's outputs in the store
 * @param uri that it claims in place of that; null for the store
 * @param location where it is, its place or the quarantine; null until it is complete there
 * @param accepted by its gate or by a person; null until it is complete
 * @param quality null until it is measured
 */
public record JobOutput(
        int position,
        String recipeName,
        @Nullable String recipe,
        String prefix,
        @Nullable String uri,
        @Nullable String location,
        @Nullable String digest,
        @Nullable Boolean accepted,
        JobView.@Nullable Quality quality) {
    /** Whether it is in the quarantine. */
    public boolean quarantined() {
        return Boolean.FALSE.equals(accepted);
    }

    /** @param full with the recipe */
    JobView.Output view(boolean full) {
        Recipe parameters = full && recipe != null ? RecordCodec.read(Json.parse(recipe), Recipe.class) : null;
        return new JobView.Output(recipeName, prefix, uri, location, digest, accepted, quality, parameters);
    }
}
