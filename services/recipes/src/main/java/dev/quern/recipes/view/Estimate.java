package dev.quern.recipes.view;

import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Flat;
import java.util.List;
import java.util.Map;

/**
 * What compressing a model, or evaluating a result of it, would take, computed from headers alone: {@code POST
 * /api/v1/estimate} and {@code quern inspect} answer it. Time is good to a factor of two.
 *
 * @param measured whether a device was measured; where none was, there are no times
 * @param seconds of all stages together; 0 where no device was measured
 * @param secondsPerStage by lower-case stage; empty where no device was measured
 * @param outputs one for each recipe; none for an evaluation
 */
public record Estimate(
        @Flat Work work,
        @Flat Sizes sizes,
        @Default("true") boolean measured,
        double seconds,
        Map<String, Double> secondsPerStage,
        List<Output> outputs) {
    /**
     * How the work is shared out.
     *
     * @param workers that the time is for
     * @param threads of a worker
     * @param segments runs of blocks that are compressed side by side; 0 for an evaluation
     * @param traceRuns runs of calibration text that are taken through the original model before; 0 where no segment
     *     waits for that
     * @param gradientRuns runs of calibration text whose gradients are computed before; 0 where no recipe needs any
     * @param tile tokens of a tile
     */
    public record Work(
            int workers,
            int threads,
            int segments,
            int traceRuns,
            @Default("0") int gradientRuns,
            int tile) {}

    /**
     * What is there, what comes out, and what it needs.
     *
     * @param weightsCompressed weights of all linears that are compressed; 0 for an evaluation, as are the next and
     *     outputBytes
     * @param bitsPerWeight of those weights, with scales and zero points; of the first output
     * @param sourceBytes of the checkpoint's tensors
     * @param outputBytes of the tensors of all outputs
     * @param peakBytes of memory that a worker holds at its fullest moment, on its device and in its process together
     * @param scratchBytes on the disk of a worker that has the artifacts on it too
     */
    public record Sizes(
            long weightsCompressed,
            double bitsPerWeight,
            long sourceBytes,
            long outputBytes,
            long peakBytes,
            long scratchBytes) {}

    /** @param recipe its name */
    public record Output(String recipe, long outputBytes, double bitsPerWeight) {}

    public Estimate {
        secondsPerStage = Map.copyOf(secondsPerStage);
        outputs = List.copyOf(outputs);
    }
}
