package dev.quern.artifacts.stores;

import dev.quern.artifacts.s3.S3Bucket;
import dev.quern.artifacts.s3.S3Location;
import dev.quern.artifacts.s3.S3Settings;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The places of one S3 server, over the same connections. Nothing is connected before it is used. */
public final class Buckets {
    private final Map<String, String> environment;
    private @Nullable S3Bucket any;

    /** @param environment as {@link S3Settings#of} reads it, when the first place is opened */
    public Buckets(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    /**
     * @param uri {@code s3://bucket/prefix}
     * @throws IllegalArgumentException when it is no such address, or no server is configured
     */
    public synchronized S3Bucket open(String uri) throws IOException {
        S3Location location = S3Location.parse(uri);
        if (any == null) {
            any = S3Bucket.open(location, S3Settings.of(environment));
        }
        return any.at(location);
    }
}
