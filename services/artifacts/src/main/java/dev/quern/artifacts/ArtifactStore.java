package dev.quern.artifacts;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Objects under keys. An object is created whole, by one of its racing writers, and never changes; only {@link #delete}
 * ends it. Keys are made by {@link Keys}; no key may lie under another ({@code a} and {@code a/b}).
 */
public interface ArtifactStore {
    /**
     * @param etag names this version of the object
     * @param modified when it was created, by the store's clock, in whole seconds
     */
    record Entry(String key, long size, String etag, Instant modified) {}

    /**
     * Creates the object unless there is one under this key. Durable when it returns.
     *
     * @return empty when there is one already, which then stands
     */
    Optional<Entry> create(String key, InputStream content) throws IOException;

    default Optional<Entry> create(String key, byte[] content) throws IOException {
        return create(key, new ByteArrayInputStream(content));
    }

    default Optional<Entry> create(String key, Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return create(key, content);
        }
    }

    /** Empty when there is no such object. */
    Optional<Entry> head(String key) throws IOException;

    /**
     * A part of an object.
     *
     * @param offset from here
     * @param length at most so many bytes; fewer at the object's end
     * @param etag the version that must be read; null takes the one that is there
     * @throws NoSuchObjectException when there is none
     * @throws ObjectChangedException when it is not that version
     */
    InputStream open(String key, long offset, long length, @Nullable String etag) throws IOException;

    default InputStream open(String key) throws IOException {
        return open(key, 0, Long.MAX_VALUE, null);
    }

    default byte[] read(String key) throws IOException {
        try (InputStream content = open(key)) {
            return content.readAllBytes();
        }
    }

    /**
     * A local file with the object's content, to be read and not changed: the object itself where the store is local.
     *
     * @param folder takes the copy where one is needed; the caller deletes it
     * @return empty when there is no such object
     */
    Optional<Path> fetch(String key, Path folder) throws IOException;

    /** The objects whose keys start with this, ordered by key. */
    List<Entry> list(String prefix) throws IOException;

    /**
     * Takes the store for an installation, for good: a marker at its root names it. Before that, this object deletes
     * nothing.
     *
     * @param installation its id: letters, digits and dashes
     * @throws ForeignStoreException when the store is another installation's
     */
    void claim(String installation) throws IOException;

    /**
     * Deletes exactly this version.
     *
     * @throws IllegalStateException when the store was not claimed
     * @return false when it is gone or another version is there
     */
    boolean delete(String key, String etag) throws IOException;

    /** Uploads by clients, part by part. */
    Uploads uploads();
}
