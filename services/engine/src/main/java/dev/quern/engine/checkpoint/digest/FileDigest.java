package dev.quern.engine.checkpoint.digest;

import dev.quern.recipes.digest.Digests;
import java.util.Collection;
import java.util.stream.Collectors;

/**
 * What a file is, independent of where it lies.
 *
 * @param name relative to its folder, with forward slashes
 * @param sha256 in lower-case hexadecimal
 */
public record FileDigest(String name, long size, String sha256) {
    /**
     * One digest for a set of files: SHA-256 over the sorted lines {@code name, tab, size, tab, SHA-256, line feed}.
     */
    public static String combined(Collection<FileDigest> files) {
        String lines = files.stream()
                .map(file -> file.name() + "\t" + file.size() + "\t" + file.sha256() + "\n")
                .sorted()
                .collect(Collectors.joining());
        return Digests.sha256(lines);
    }
}
