package dev.quern.recipes;

import dev.quern.recipes.json.ApiVersion;
import dev.quern.recipes.json.Default;
import dev.quern.recipes.json.Discriminator;

/**
 * How a model is compressed: versioned data, validated in full before a job is accepted.
 *
 * @param name what the catalogue or the file calls it
 * @param propagation whose outputs feed the next block during calibration
 * @param grid the integer grid of every linear
 * @param rounding how weights are put on the grid
 * @param reproducible false lets workers of other numeric profiles take the work
 */
@ApiVersion(JobRequest.API_VERSION)
public record Recipe(
        String name,
        Propagation propagation,
        Grid grid,
        Rounding rounding,
        @Default("true") boolean reproducible) {
    /** Inputs of a block come from the original model, or from the compressed predecessors (DESIGN.md 3). */
    public enum Propagation {
        INDEPENDENT,
        SEQUENTIAL
    }

    /**
     * @param bits 2 to 8
     * @param groupSize columns that share a scale; 0 is one scale per row ("channel")
     * @param symmetric true fixes the zero point at 2^(bits-1)
     */
    public record Grid(int bits, int groupSize, boolean symmetric, ClipSearch clipSearch) {
        public Grid {
            check(bits >= 2 && bits <= 8, "grid.bits: " + bits + " (expected: 2 to 8)");
            check(
                    groupSize >= 0,
                    "grid.groupSize: " + groupSize + " (expected: a positive number, or 0 for one scale per row)");
        }

        /** Number of scales in a row of {@code cols} columns. */
        public int groups(int cols) {
            return groupSize == 0 ? 1 : cols / groupSize;
        }
    }

    /** Whether a group's range is shrunk where that lowers its rounding error (ALGORITHMS.md 1.2). */
    public enum ClipSearch {
        NONE,
        MSE
    }

    /** How weights are put on the grid. */
    @Discriminator("method")
    public sealed interface Rounding permits Nearest, Gptq {}

    /** Plain rounding to the nearest code; needs no calibration. */
    public record Nearest() implements Rounding {}

    /**
     * GPTQ (Frantar et al., arXiv 2210.17323).
     *
     * @param order the order in which columns are rounded
     * @param damping added to the diagonal of H, as a fraction of its mean
     */
    public record Gptq(Order order, double damping) implements Rounding {
        public Gptq {
            check(damping > 0 && damping < 1, "rounding.damping: " + damping + " (expected: more than 0, less than 1)");
        }
    }

    /** STATIC rounds columns by falling diagonal of H, groups keep their place (compressed-tensors' actorder "weight"). */
    public enum Order {
        NONE,
        STATIC
    }

    /** True when the rounding needs statistics of the inputs. */
    public boolean needsCalibration() {
        return !(rounding instanceof Nearest);
    }

    /** True when the inputs of a block come through the compressed blocks before it. */
    public boolean walksCompressed() {
        return needsCalibration() && propagation == Propagation.SEQUENTIAL;
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new QuernException(ErrorCode.INVALID_RECIPE, message);
        }
    }
}
