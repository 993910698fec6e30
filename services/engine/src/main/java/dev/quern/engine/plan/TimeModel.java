package dev.quern.engine.plan;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import dev.quern.recipes.Recipe;
import java.util.Map;

/**
 * Rough seconds of each stage, from counted operations and a rate; good to a factor of two.
 *
 * @param passes over the tiles of each block
 */
record TimeModel(Architecture architecture, Workload workload, Budget budget, int passes) {
    /** Hashing and scanning read the source once each, beside each other. */
    private static final double READ_BYTES_PER_SECOND = 1e9;
    /** Packing and reading back. */
    private static final double WRITE_BYTES_PER_SECOND = 5e8;
    /** Factorisation and sweep run in float64 or in narrow panels. */
    private static final double SOLVE_SHARE = 0.4;

    Map<String, Double> secondsPerStage(long sourceBytes) {
        return Map.of(
                "inspect", sourceBytes / READ_BYTES_PER_SECOND,
                "compress", compress(),
                "assemble", sourceBytes / WRITE_BYTES_PER_SECOND,
                "verify", sourceBytes / WRITE_BYTES_PER_SECOND,
                "evaluate", evaluate());
    }

    private double compress() {
        double tokens = (double) workload.windows() * workload.seqLen();
        double streaming = passes == 0 ? 0 : passes * tokens * forward() + tokens * gram();
        double blocks = architecture.blocks();
        return blocks * (streaming + solve() / SOLVE_SHARE) / budget.flopsPerSecond();
    }

    private double evaluate() {
        double head = 2.0 * architecture.vocabulary() * architecture.hidden();
        double perToken = 2 * (architecture.blocks() * forward() + head);
        return workload.evaluationTokens() * perToken / budget.flopsPerSecond();
    }

    /** Operations of one token in one block: products, and attention over half a window. */
    private double forward() {
        double products = architecture.program().linears().stream()
                .mapToDouble(linear -> 2.0 * linear.rows() * linear.cols())
                .sum();
        return products + 2.0 * workload.seqLen() * architecture.hidden();
    }

    private double gram() {
        return architecture.program().units().stream()
                .mapToDouble(unit -> (double) unit.cols() * unit.cols())
                .sum();
    }

    private double solve() {
        if (!(workload.recipe().rounding() instanceof Recipe.Gptq)) {
            return 0;
        }
        double operations = 0;
        for (WorkUnit unit : architecture.program().units()) {
            double n = unit.cols();
            operations += n * n * n / 3;
            for (LinearSpec linear : unit.linears()) {
                // The sweep once, the error figures of the result and of plain rounding, and of the weights themselves.
                operations += 4 * n * n * linear.rows();
            }
        }
        return operations;
    }
}
