package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class S3ProxyStoreTest extends ArtifactStoreContract {
    private static S3ProxyServer server;

    @BeforeAll
    static void start() throws Exception {
        server = new S3ProxyServer();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    protected ArtifactStore store() {
        return server.newStore();
    }
}
