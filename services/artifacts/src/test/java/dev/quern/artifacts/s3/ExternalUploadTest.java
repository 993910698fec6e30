package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.stores.ArtifactStores;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Uploads on the S3 server that the environment names: QUERN_TEST_STORE and QUERN_S3_*, see dev/README.md. */
@EnabledIfSystemProperty(named = "quern.backends", matches = "external")
class ExternalUploadTest extends S3UploadContract {
    @Override
    protected ArtifactStore store() throws IOException {
        return ArtifactStores.open(System.getenv("QUERN_TEST_STORE") + "/uploads-" + UUID.randomUUID());
    }

    @Override
    protected ArtifactStore reopened(ArtifactStore store) throws IOException {
        return ArtifactStores.open(((S3Store) store).location().toString());
    }
}
