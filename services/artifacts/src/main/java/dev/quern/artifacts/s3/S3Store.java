package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.OwnerMarker;
import dev.quern.artifacts.Uploads;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Objects under a prefix of a bucket of any S3 server. */
public final class S3Store implements ArtifactStore {
    private final S3Bucket bucket;
    private final OwnerMarker owner;
    private final Uploads uploads;

    public S3Store(S3Bucket bucket) {
        this.bucket = bucket;
        this.owner = new OwnerMarker(bucket.location() + OwnerMarker.NAME);
        this.uploads = new S3Uploads(bucket, owner);
    }

    S3Location location() {
        return bucket.location();
    }

    @Override
    public Optional<Entry> create(String key, InputStream content) throws IOException {
        return bucket.create(Keys.check(key), content);
    }

    @Override
    public Optional<Entry> head(String key) throws IOException {
        return bucket.head(Keys.check(key));
    }

    @Override
    public InputStream open(String key, long offset, long length, @Nullable String etag) throws IOException {
        return bucket.open(Keys.check(key), offset, length, etag);
    }

    @Override
    public Optional<Path> fetch(String key, Path folder) throws IOException {
        return bucket.fetch(Keys.check(key), folder);
    }

    @Override
    public List<Entry> list(String prefix) throws IOException {
        return bucket.list(Keys.checkPrefix(prefix));
    }

    @Override
    public boolean delete(String key, String etag) throws IOException {
        owner.check();
        return bucket.delete(Keys.check(key), etag);
    }

    @Override
    public void claim(String installation) throws IOException {
        owner.claim(installation, new OwnerMarker.Access() {
            @Override
            public void create(byte[] content) throws IOException {
                bucket.create(OwnerMarker.NAME, new ByteArrayInputStream(content));
            }

            @Override
            public byte[] read() throws IOException {
                try (InputStream content = bucket.open(OwnerMarker.NAME, 0, Long.MAX_VALUE, null)) {
                    return content.readAllBytes();
                }
            }
        });
    }

    @Override
    public Uploads uploads() {
        return uploads;
    }
}
