package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class S3ProxyUploadTest extends S3UploadContract {
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

    @Override
    protected ArtifactStore reopened(ArtifactStore store) {
        return new S3Store(server.bucket().at(((S3Store) store).location()));
    }
}
