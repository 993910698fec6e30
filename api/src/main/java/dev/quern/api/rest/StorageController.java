package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.StoreAccess;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.OutputRepository;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.view.StorageView;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** How the tenant's bytes in the store are spread. It lists all objects, so it is for administrators. */
@RestController
final class StorageController {
    private static final String OUTPUTS = "outputs";
    private static final String QUARANTINE = "quarantine";
    private static final int UUID_LENGTH = 36;

    private final StoreAccess store;
    private final OutputRepository outputs;

    StorageController(StoreAccess store, OutputRepository outputs) {
        this.store = store;
        this.outputs = outputs;
    }

    @GetMapping("/api/v1/storage")
    StorageView show(Caller caller) throws IOException {
        caller.require(Scope.ADMIN, "storage");
        String root = Keys.of(caller.tenant()).root();
        Map<String, UUID> claims = outputs.jobsByPrefix(caller.tenant());
        Map<String, StorageView.Kind> kinds = new HashMap<>();
        Map<String, StorageView.Result> results = new HashMap<>();
        for (ArtifactStore.Entry entry : store.get().list(root)) {
            String key = entry.key().substring(root.length());
            String kind = key.substring(0, Math.max(0, key.indexOf('/')));
            kinds.merge(kind, new StorageView.Kind(kind, 1, entry.size()), StorageController::sum);
            StorageView.Result result = result(kind, key, entry.size(), claims);
            if (result != null) {
                results.merge(result.place(), result, StorageController::sum);
            }
        }
        return new StorageView(
                kinds.values().stream().mapToLong(StorageView.Kind::bytes).sum(),
                kinds.values().stream()
                        .sorted(Comparator.comparingLong(StorageView.Kind::bytes)
                                .reversed()
                                .thenComparing(StorageView.Kind::name))
                        .toList(),
                results.values().stream()
                        .sorted(Comparator.comparingLong(StorageView.Result::bytes)
                                .reversed()
                                .thenComparing(StorageView.Result::place))
                        .toList());
    }

    /** The result that an object belongs to; null for what is no result. */
    private static StorageView.@Nullable Result result(String kind, String key, long size, Map<String, UUID> claims) {
        if (kind.equals(QUARANTINE)) {
            String name = key.split("/", 3)[1];
            String job = name.length() >= UUID_LENGTH ? name.substring(0, UUID_LENGTH) : null;
            return new StorageView.Result(job, kind + "/" + name, size);
        }
        if (!kind.equals(OUTPUTS)) {
            return null;
        }
        // Prefixes have several parts, and none is within another.
        String prefix = parent(key.substring(OUTPUTS.length() + 1));
        for (String above = prefix; !above.isEmpty(); above = parent(above)) {
            UUID job = claims.get(above);
            if (job != null) {
                return new StorageView.Result(job.toString(), OUTPUTS + "/" + above, size);
            }
        }
        return new StorageView.Result(null, OUTPUTS + "/" + prefix, size);
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private static StorageView.Kind sum(StorageView.Kind a, StorageView.Kind b) {
        return new StorageView.Kind(a.name(), a.objects() + b.objects(), a.bytes() + b.bytes());
    }

    private static StorageView.Result sum(StorageView.Result a, StorageView.Result b) {
        return new StorageView.Result(a.job(), a.place(), a.bytes() + b.bytes());
    }
}
