package dev.quern.engine.artifact;

import org.jspecify.annotations.Nullable;

/**
 * A compressed linear as an artifact's header describes it: its shape and grid, and what compression did to it. Figures mean what
 * {@link dev.quern.recipes.report.Report.Linear} says.
 *
 * @param name inside the block, as in {@code self_attn.q_proj}
 * @param groupSize columns that share a scale; 0 is one scale per row
 * @param seconds to solve it; the only figure that differs between equal runs
 */
public record LinearRecord(
        String name,
        int rows,
        int cols,
        int bits,
        int groupSize,
        boolean symmetric,
        double relativeError,
        double relativeErrorNearest,
        double damping,
        int retries,
        @Nullable String fallback,
        int deadColumns,
        double scaleToAbsmax,
        double seconds) {}
