package dev.quern.artifacts.s3;

import dev.quern.artifacts.Keys;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Pattern;

/**
 * A place in S3.
 *
 * @param prefix empty, or ends in a slash
 */
public record S3Location(String bucket, String prefix) {
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");

    public S3Location {
        if (!BUCKET.matcher(bucket).matches() || bucket.contains("..")) {
            throw new IllegalArgumentException(
                    "bucket: " + bucket + " (expected: 3 to 63 lower-case letters, digits, dots or dashes)");
        }
        if (!prefix.isEmpty()) {
            checkName(prefix.substring(0, prefix.length() - 1));
        }
    }

    /** @param url {@code s3://bucket} or {@code s3://bucket/prefix}, with or without a slash at its end */
    public static S3Location parse(String url) {
        URI address;
        try {
            address = new URI(url);
        } catch (URISyntaxException e) {
            throw refused(url);
        }
        String bucket = address.getAuthority();
        if (!"s3".equals(address.getScheme())
                || bucket == null
                || address.getQuery() != null
                || address.getFragment() != null) {
            throw refused(url);
        }
        String prefix = address.getPath().replaceFirst("^/", "").replaceFirst("/$", "");
        return new S3Location(bucket, prefix.isEmpty() ? "" : prefix + "/");
    }

    private static IllegalArgumentException refused(String url) {
        return new IllegalArgumentException("location: " + url + " (expected: s3://bucket/prefix)");
    }

    /** True for this place and those below it. */
    public boolean contains(S3Location other) {
        return bucket.equals(other.bucket) && other.prefix.startsWith(prefix);
    }

    /**
     * Refuses names that are empty, overlong, or hold empty segments, {@code .}, {@code ..} or control characters.
     *
     * @return the name
     */
    static String checkName(String name) {
        if (name.length() > Keys.MAX_LENGTH || name.chars().anyMatch(c -> c < 0x20 || c == 0x7f)) {
            throw new IllegalArgumentException(
                    "name: " + name + " (expected: at most " + Keys.MAX_LENGTH + " printable characters)");
        }
        for (String segment : name.split("/", -1)) {
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
                throw new IllegalArgumentException("name: \"" + name + "\" (expected: no empty, . or .. segment)");
            }
        }
        return name;
    }

    @Override
    public String toString() {
        return "s3://" + bucket + "/" + prefix;
    }
}
