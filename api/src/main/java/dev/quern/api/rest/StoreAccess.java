package dev.quern.api.rest;

import dev.quern.api.ApiProperties;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStores;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The artifact store, where one is configured. */
@Component
final class StoreAccess {
    private final @Nullable ArtifactStore store;

    StoreAccess(ApiProperties properties) throws IOException {
        this.store = properties.store() == null
                ? null
                : ArtifactStores.open(properties.store().toString());
    }

    /**
     * @throws QuernException UNAVAILABLE where none is configured
     */
    ArtifactStore get() {
        if (store == null) {
            throw new QuernException(
                    ErrorCode.UNAVAILABLE, "quern.store: not set (expected: the address of the store)");
        }
        return store;
    }
}
