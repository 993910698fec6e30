package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The objects below a prefix, by the rest of their names. */
public interface ObjectFolder {
    /** As {@link ArtifactStore#create(String, InputStream)}. */
    Optional<Entry> create(String name, InputStream content) throws IOException;

    default Optional<Entry> create(String name, byte[] content) throws IOException {
        return create(name, new ByteArrayInputStream(content));
    }

    default Optional<Entry> create(String name, Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return create(name, content);
        }
    }

    Optional<Entry> head(String name) throws IOException;

    InputStream open(String name) throws IOException;

    /** The names of all objects. */
    List<String> names() throws IOException;

    /** As {@link ArtifactStore#delete}. */
    boolean delete(String name, String etag) throws IOException;

    /** A place outside the store. */
    static ObjectFolder of(S3Bucket bucket) {
        return new ObjectFolder() {
            @Override
            public Optional<Entry> create(String name, InputStream content) throws IOException {
                return bucket.create(name, content);
            }

            @Override
            public Optional<Entry> head(String name) throws IOException {
                return bucket.head(name);
            }

            @Override
            public InputStream open(String name) throws IOException {
                return bucket.open(name, 0, Long.MAX_VALUE, null);
            }

            @Override
            public List<String> names() throws IOException {
                return bucket.list("").stream().map(Entry::key).toList();
            }

            @Override
            public boolean delete(String name, String etag) throws IOException {
                return bucket.delete(name, etag);
            }
        };
    }

    /** @param prefix of keys, ending in a slash */
    static ObjectFolder of(ArtifactStore store, String prefix) {
        return new ObjectFolder() {
            @Override
            public Optional<Entry> create(String name, InputStream content) throws IOException {
                return store.create(prefix + name, content);
            }

            @Override
            public Optional<Entry> create(String name, Path file) throws IOException {
                return store.create(prefix + name, file);
            }

            @Override
            public Optional<Entry> head(String name) throws IOException {
                return store.head(prefix + name);
            }

            @Override
            public InputStream open(String name) throws IOException {
                return store.open(prefix + name);
            }

            @Override
            public List<String> names() throws IOException {
                return store.list(prefix).stream()
                        .map(entry -> entry.key().substring(prefix.length()))
                        .toList();
            }

            @Override
            public boolean delete(String name, String etag) throws IOException {
                return store.delete(prefix + name, etag);
            }
        };
    }
}
