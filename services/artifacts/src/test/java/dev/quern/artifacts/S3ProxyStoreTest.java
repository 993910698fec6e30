package dev.quern.artifacts;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class S3ProxyStoreTest extends ArtifactStoreContract {
    private static S3ProxyServer server;
    private static S3Bucket bucket;
    private final AtomicInteger stores = new AtomicInteger();

    @BeforeAll
    static void start() throws Exception {
        server = new S3ProxyServer();
        bucket = S3Bucket.open(new S3Location(S3ProxyServer.BUCKET, ""), server.settings());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Override
    ArtifactStore store() {
        // A store of its own for every test, in one bucket: so prefixes are tested too.
        String prefix = "store-" + System.identityHashCode(this) + "-" + stores.incrementAndGet() + "/";
        return new S3Store(bucket.at(new S3Location(S3ProxyServer.BUCKET, prefix)));
    }
}
