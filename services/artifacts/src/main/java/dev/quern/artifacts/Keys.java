package dev.quern.artifacts;

import java.util.regex.Pattern;

/**
 * Every key of the store. All start with the tenant; a kind of object has a folder of its own, so that no key lies
 * under another.
 *
 * <pre>
 * t/TENANT/artifacts/block-00003-9f86…     an artifact of a walk, by its input key
 * t/TENANT/datasets/DIGEST                 token windows
 * t/TENANT/figures/KEY                     token figures of an evaluation shard
 * t/TENANT/jobs/JOB/plan-DIGEST.json       what a job's activities hand on
 * t/TENANT/uploads/DIGEST              a file that a client sent, by its SHA-256
 * t/TENANT/outputs/PREFIX/FILE             a published result
 * t/TENANT/quarantine/JOB/FILE             a result that failed its gate; JOB-1, JOB-2 and JOB-3 are those after the first
 * </pre>
 */
public final class Keys {
    /** S3 allows 1,024 bytes; a folder store needs room for its root. */
    public static final int MAX_LENGTH = 900;
    /** Folders of common file systems allow 255 bytes. */
    static final int MAX_SEGMENT = 200;

    private static final Pattern ALONE = Pattern.compile("t/[^/]+/(artifacts|datasets|figures|uploads)/[^/]+");
    private static final Pattern SEGMENT = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._=+@-]*");

    private final String root;

    private Keys(String tenant) {
        this.root = "t/" + tenant + "/";
    }

    public static Keys of(String tenant) {
        return new Keys(segment("tenant", tenant));
    }

    /** What all keys of the tenant begin with, ending in a slash. */
    public String root() {
        return root;
    }

    /** @param name of an artifact of a walk, its input key included */
    public String artifact(String name) {
        return artifacts() + segment("artifact", name);
    }

    public String artifacts() {
        return root + "artifacts/";
    }

    public String datasets() {
        return root + "datasets/";
    }

    public String dataset(String digest) {
        return datasets() + segment("digest", digest);
    }

    public String figures() {
        return root + "figures/";
    }

    public String figures(String key) {
        return figures() + segment("figures", key);
    }

    /** @param digest SHA-256 of the file */
    public String upload(String digest) {
        return uploads() + segment("digest", digest);
    }

    public String uploads() {
        return root + "uploads/";
    }

    /** A small document that one activity of a job leaves for the next. */
    public String document(String job, String name) {
        return jobs(job) + segment("document", name);
    }

    public String jobs(String job) {
        return root + "jobs/" + segment("job", job) + "/";
    }

    /** All of a published result, ending in a slash. */
    public String outputs(String prefix) {
        return root + "outputs/" + path("prefix", prefix) + "/";
    }

    public String output(String prefix, String file) {
        return outputs(prefix) + path("file", file);
    }

    /**
     * All of a quarantined result, ending in a slash.
     *
     * @param output its position in the job
     */
    public String quarantine(String job, int output) {
        return root + "quarantine/" + segment("job", output == 0 ? job : job + "-" + output) + "/";
    }

    public String quarantined(String job, int output, String file) {
        return quarantine(job, output) + path("file", file);
    }

    /** Whether no other key of the store can have this one as its folder: true for all that is named by its content. */
    public static boolean isAlone(String key) {
        return ALONE.matcher(key).matches();
    }

    /**
     * Refuses what no store may see: empty keys and segments, {@code .} and {@code ..}, hidden names, other alphabets,
     * overlong keys.
     *
     * @return the key
     */
    public static String check(String key) {
        if (!key.startsWith("t/") || key.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "key: " + key + " (expected: t/<tenant>/…, at most " + MAX_LENGTH + " characters)");
        }
        return path("key", key);
    }

    /**
     * Refuses what is not the start of a key.
     *
     * @return the prefix
     */
    public static String checkPrefix(String prefix) {
        // What follows the last slash is the start of a segment.
        check(prefix + "x");
        return prefix;
    }

    private static String path(String what, String path) {
        // -1 keeps the empty segment of a slash at the end.
        for (String segment : path.split("/", -1)) {
            segment(what, segment);
        }
        return path;
    }

    private static String segment(String what, String segment) {
        if (segment.length() > MAX_SEGMENT || !SEGMENT.matcher(segment).matches()) {
            throw new IllegalArgumentException(what + ": \"" + segment + "\" (expected: 1 to " + MAX_SEGMENT
                    + " letters, digits or ._=+@-, not starting with a dot or dash)");
        }
        return segment;
    }
}
