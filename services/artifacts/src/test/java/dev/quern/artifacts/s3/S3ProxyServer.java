package dev.quern.artifacts.s3;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import org.gaul.s3proxy.BlobStores;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.blobstore.Constants;

/** An S3 server in this JVM that keeps its objects in memory. */
public final class S3ProxyServer implements AutoCloseable {
    public static final String BUCKET = "quern-test";
    static final String REGION = "us-east-1";
    static final String ACCESS = "access";
    static final String SECRET = "secret-key";

    private final BlobStore blobs;
    private final S3Proxy proxy;
    private final S3Bucket bucket;
    private final AtomicInteger stores = new AtomicInteger();

    public S3ProxyServer() throws Exception {
        Properties properties = new Properties();
        properties.setProperty(Constants.PROPERTY_IDENTITY, ACCESS);
        properties.setProperty(Constants.PROPERTY_CREDENTIAL, SECRET);
        blobs = BlobStores.create("transient", properties);
        proxy = S3Proxy.builder()
                .blobStore(blobs)
                .awsAuthentication(AuthenticationType.AWS_V2_OR_V4, ACCESS, SECRET)
                .endpoint(URI.create("http://127.0.0.1:0"))
                .stopTimeout(0)
                .build();
        proxy.start();
        blobs.createContainer(BUCKET);
        bucket = S3Bucket.open(new S3Location(BUCKET, ""), settings());
    }

    /** One connection for all: a client takes long to make. */
    S3Bucket bucket() {
        return bucket;
    }

    /** A store of its own in one bucket, so prefixes are tested too. */
    S3Store newStore() {
        return new S3Store(bucket.at(new S3Location(BUCKET, "store-" + stores.incrementAndGet() + "/")));
    }

    public int port() {
        return proxy.getPort();
    }

    /** The settings that processes need for this server. */
    public Map<String, String> environment() {
        return Map.of(
                "QUERN_S3_ENDPOINT", "http://127.0.0.1:" + port(),
                "QUERN_S3_ACCESS_KEY", ACCESS,
                "QUERN_S3_SECRET_KEY", SECRET);
    }

    /** Small parts and short patience, as tests need them. */
    S3Settings settings() {
        return settings("http://127.0.0.1:" + port());
    }

    /** @param endpoint of something in front of this server */
    static S3Settings settings(String endpoint) {
        return new S3Settings(endpoint, endpoint, REGION, ACCESS, SECRET, Duration.ofSeconds(20), 5 << 20);
    }

    @Override
    public void close() throws Exception {
        proxy.stop();
        blobs.close();
    }
}
