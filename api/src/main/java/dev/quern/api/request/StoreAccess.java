package dev.quern.api.request;

import dev.quern.api.settings.PlaceProperties;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ForeignStoreException;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.jobs.installation.InstallationRepository;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The artifact store, where one is configured. */
@Component
public final class StoreAccess {
    private final @Nullable ArtifactStore store;
    private final InstallationRepository installation;

    StoreAccess(PlaceProperties places, InstallationRepository installation) throws IOException {
        this.installation = installation;
        this.store = places.store() == null ? null : ArtifactStores.open(places.store());
    }

    /** @throws QuernException UNAVAILABLE where none is configured */
    public ArtifactStore get() {
        if (store == null) {
            throw new QuernException(
                    ErrorCode.UNAVAILABLE, "quern.store: not set (expected: the address of the store)");
        }
        return store;
    }

    /**
     * For callers that delete. Claimed only then: the api may start before the database has its schema.
     *
     * @throws ForeignStoreException when the store is another installation's
     * @throws QuernException UNAVAILABLE where none is configured
     */
    public ArtifactStore owned() throws IOException {
        ArtifactStore ours = get();
        ours.claim(installation.id().toString());
        return ours;
    }
}
