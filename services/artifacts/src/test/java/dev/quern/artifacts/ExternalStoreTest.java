package dev.quern.artifacts;

import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** The contract on the S3 server that the environment names: QUERN_TEST_STORE and QUERN_S3_*, see dev/README.md. */
@EnabledIfSystemProperty(named = "quern.backends", matches = "external")
class ExternalStoreTest extends ArtifactStoreContract {
    private final UUID own = UUID.randomUUID();

    @Override
    ArtifactStore store() throws IOException {
        return ArtifactStores.open(System.getenv("QUERN_TEST_STORE") + "/contract-" + own);
    }
}
