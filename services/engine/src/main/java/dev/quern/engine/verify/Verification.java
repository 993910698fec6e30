package dev.quern.engine.verify;

import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.format.WeightBytes;
import java.util.List;

/**
 * What a check of an output found.
 *
 * @param outputDigest over the files that a loader reads
 * @param files those files with their digests, in the order in which they were given
 * @param linears compressed modules
 * @param weights weights in them
 * @param compressed bytes of those weights
 * @param bytes of all those files
 */
public record Verification(
        String outputDigest,
        List<FileDigest> files,
        String format,
        int linears,
        long weights,
        WeightBytes compressed,
        long bytes,
        boolean tied) {
    public Verification {
        files = List.copyOf(files);
    }

    /** Bits per compressed weight, with scales and zero points. */
    public double bitsPerWeight() {
        return weights == 0 ? 0 : 8.0 * compressed.total() / weights;
    }
}
