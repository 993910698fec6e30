package dev.quern.recipes.view;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a tenant has in the store, as GET /api/v1/storage answers it.
 *
 * @param bytes of all objects
 * @param kinds the parts of the store, the largest first
 * @param results published and quarantined ones, the largest first
 */
public record StorageView(long bytes, List<Kind> kinds, List<Result> results) {
    public StorageView {
        kinds = List.copyOf(kinds);
        results = List.copyOf(results);
    }

    /**
     * @param name {@code artifacts}, {@code datasets}, {@code figures}, {@code jobs}, {@code uploads}, {@code outputs}
     *     or {@code quarantine}
     */
    public record Kind(String name, long objects, long bytes) {}

    /**
     * @param job the job that made it; null where no job of the tenant claims the place
     * @param place its prefix in the store under the tenant, for example {@code outputs/my-model}
     */
    public record Result(@Nullable String job, String place, long bytes) {}
}
