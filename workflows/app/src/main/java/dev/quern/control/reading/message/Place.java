package dev.quern.control.reading.message;

import dev.quern.contract.plan.PinnedSource;
import org.jspecify.annotations.Nullable;

/**
 * Where a source is.
 *
 * @param location a folder of this machine, or an address
 * @param pinned the objects that it consists of; null for a folder, and where a stamp says it
 * @param stamp what inspection gave it; null before
 */
public record Place(
        String location,
        @Nullable PinnedSource pinned,
        @Nullable String stamp) {
    public static Place folder(String path) {
        return new Place(path, null, null);
    }

    public static Place objects(PinnedSource source) {
        return new Place(source.location(), source, null);
    }

    public static Place inspected(String location, String stamp) {
        return new Place(location, null, stamp);
    }
}
