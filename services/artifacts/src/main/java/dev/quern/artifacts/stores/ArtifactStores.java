package dev.quern.artifacts.stores;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.folder.FolderStore;
import dev.quern.artifacts.s3.S3Bucket;
import dev.quern.artifacts.s3.S3Location;
import dev.quern.artifacts.s3.S3Settings;
import dev.quern.artifacts.s3.S3Store;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/** Opens a store by its address. */
public final class ArtifactStores {
    private ArtifactStores() {}

    /** As {@link #open(String, Map)}, with this process's environment. */
    public static ArtifactStore open(String url) throws IOException {
        return open(url, System.getenv());
    }

    /**
     * @param url {@code file:///folder} or {@code s3://bucket/prefix}
     * @param environment for S3, as {@link S3Settings#of} reads it
     */
    public static ArtifactStore open(String url, Map<String, String> environment) throws IOException {
        if (url.startsWith("s3:")) {
            return new S3Store(S3Bucket.open(S3Location.parse(url), S3Settings.of(environment)));
        }
        URI address = URI.create(url);
        if (!"file".equals(address.getScheme()) || address.getPath() == null) {
            throw new IllegalArgumentException("store: " + url + " (expected: file:///folder or s3://bucket/prefix)");
        }
        return new FolderStore(Path.of(address.getPath()));
    }
}
