package dev.quern.engine.plan;

import dev.quern.engine.calibration.Slice;
import dev.quern.engine.calibration.Tiling;
import java.util.List;
import java.util.Map;

/**
 * How a model will be compressed and what it will take.
 *
 * @param tiling part of what decides the bits
 * @param segments runs of blocks that can be walked side by side; one today
 * @param linears of one block, in program order; all blocks have the same
 * @param weightsCompressed weights of all linears of all blocks
 * @param bitsPerWeight of those weights, with scales and zero points
 * @param statisticsBytes memory for statistics that are held at once
 * @param peakBytes of a worker's process, predicted
 * @param scratchBytes on a worker's disk, predicted
 * @param outputBytes of the result's tensors
 * @param secondsPerStage estimated, by lower-case stage
 */
public record Plan(
        Tiling tiling,
        List<Slice> segments,
        int blocks,
        List<Linear> linears,
        long weightsCompressed,
        double bitsPerWeight,
        long statisticsBytes,
        long peakBytes,
        long scratchBytes,
        long outputBytes,
        Map<String, Double> secondsPerStage) {

    /** @param name inside the block, as in {@code self_attn.q_proj} */
    public record Linear(String name, int rows, int cols) {
        long weights() {
            return (long) rows * cols;
        }
    }

    public Plan {
        segments = List.copyOf(segments);
        linears = List.copyOf(linears);
        secondsPerStage = Map.copyOf(secondsPerStage);
    }

    /** Seconds of all stages together. */
    public double seconds() {
        return secondsPerStage.values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
    }
}
