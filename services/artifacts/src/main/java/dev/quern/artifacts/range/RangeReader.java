package dev.quern.artifacts.range;

import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import java.io.IOException;
import java.io.InputStream;

/** Reads a part of exactly one version of an object: what every store's {@code open} does. */
@FunctionalInterface
public interface RangeReader {
    /**
     * @throws NoSuchObjectException when there is none
     * @throws ObjectChangedException when it is not that version any more
     */
    InputStream open(String key, long offset, long length, String etag) throws IOException;
}
