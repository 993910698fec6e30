package dev.quern.recipes;

import java.util.List;

/**
 * {@code quern-manifest.json}: what an output consists of. Written last, so an output without it does not exist; GET
 * /api/v1/jobs/{id}/files answers it.
 *
 * @param outputDigest over the files that a loader reads; for an evaluation, the digest of the result that was
 *     evaluated
 * @param files all but the manifest itself, in the order in which they were published
 */
public record Manifest(String schema, String outputDigest, List<File> files) {
    public static final String SCHEMA = "quern-manifest/v1";
    public static final String NAME = "quern-manifest.json";

    /**
     * @param name relative to the output, with slashes
     * @param sha256 in hex
     */
    public record File(String name, long size, String sha256) {}
}
