package dev.quern.engine.format;

import java.util.ArrayList;
import java.util.List;

/**
 * The files that an assembly wrote.
 *
 * @param files that loaders read, relative to their folder, in the order in which they are published: no loader opens
 *     an output without the last one
 */
public record Assembled(List<String> files) {
    public Assembled {
        files = List.copyOf(files);
    }

    /** With reports before the last file; the manifest follows when all of these are in place. */
    public List<String> inPublishOrder(List<String> reports) {
        List<String> all = new ArrayList<>(files);
        all.addAll(files.size() - 1, reports);
        return all;
    }
}
