package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStoreContract;
import dev.quern.artifacts.stores.ArtifactStores;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The contract on the S3 server that the environment names: QUERN_TEST_STORE and QUERN_S3_*, see dev/README.md. */
@EnabledIfSystemProperty(named = "quern.backends", matches = "external")
class ExternalStoreTest extends ArtifactStoreContract {
    private final UUID own = UUID.randomUUID();

    @Override
    protected ArtifactStore store() throws IOException {
        return ArtifactStores.open(System.getenv("QUERN_TEST_STORE") + "/contract-" + own);
    }
}
