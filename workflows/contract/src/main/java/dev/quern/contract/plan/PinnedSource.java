package dev.quern.contract.plan;

import java.util.List;

/**
 * The objects that a source outside this machine consisted of when it was inspected: all later reads are of these
 * versions. A document in the store; its key is the stamp of the job's source.
 *
 * @param location as requests name it, without a slash at its end
 */
public record PinnedSource(String location, List<File> files) {
    public PinnedSource {
        files = List.copyOf(files);
    }

    /**
     * @param name relative to the location, with forward slashes
     * @param key of the object, in the place that the location stands for
     */
    public record File(String name, String key, long size, String etag) {}

    /** True for a source that is a folder of this machine, whose stamp is of sizes and times. */
    public static boolean isFolder(String location) {
        return location.startsWith("/");
    }
}
