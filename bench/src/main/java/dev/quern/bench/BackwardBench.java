package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.forward.Tape;
import dev.quern.engine.gradient.Backward;
import dev.quern.engine.gradient.LinearGradients;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.family.DenseBlock;
import dev.quern.engine.statistics.Sides;
import dev.quern.engine.statistics.SketchSpec;
import dev.quern.engine.statistics.SketchSums;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.Yaqa.Sketch;
import java.util.Arrays;
import java.util.Locale;

/**
 * One block of the shape of Llama 3.2 1B at 1,024 tokens: what going back costs, in times of its forward pass in the
 * same run.
 *
 * <p>Arguments: threads, rounds, tokens of a window.
 */
public final class BackwardBench {
    private static final int HIDDEN = 2048;
    private static final int TOKENS = 1024;
    private static final int HEAD_DIM = 64;
    private static final BlockProgram PROGRAM =
            new DenseBlock(HIDDEN, 8192, 32, 8, HEAD_DIM, 1e-5, false, false, false, false).program();
    private static final SketchSpec SKETCHES = new SketchSpec(new Sketch.Windows(), Sides.BOTH);

    private final ComputeBackend backend;
    private final int rounds;
    private final int seqLen;
    /** Best seconds: forward, back, back with recomputation, and that with sketches. */
    private final double[] best = new double[4];

    private BackwardBench(ComputeBackend backend, int rounds, int seqLen) {
        this.backend = backend;
        this.rounds = rounds;
        this.seqLen = seqLen;
        Arrays.fill(best, Double.POSITIVE_INFINITY);
    }

    public static void main(String[] args) {
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(args[0]))) {
            new BackwardBench(backend, Integer.parseInt(args[1]), Integer.parseInt(args[2])).run();
        }
    }

    private void run() {
        System.out.printf(Locale.ROOT, "%s, windows of %d%n%n", backend.description(), seqLen);
        RandomBlock block = new RandomBlock(backend, PROGRAM, HEAD_DIM);
        try (Scope scope = backend.memory().scope();
                BlockWeights weights = block.weights();
                Interpreter interpreter = new Interpreter(backend, seqLen, Cancellation.NEVER);
                Backward backward = new Backward(backend, seqLen, Cancellation.NEVER)) {
            Tensor hidden = block.matrix(scope, TOKENS, HIDDEN);
            Tensor gradient = block.matrix(scope, TOKENS, HIDDEN);
            Tensor target = scope.allocate(DType.F32, TOKENS, HIDDEN);
            for (int round = 0; round < rounds; round++) {
                // In turn, so that all meet the same weather.
                time(0, () -> interpreter.run(weights, hidden, target, LinearInputs.NONE));
                try (Tape tape = interpreter.tape(weights, hidden)) {
                    time(1, () -> backward.back(tape, gradient, target, LinearGradients.NONE));
                }
                time(2, () -> backward.run(weights, hidden, gradient, target, LinearGradients.NONE));
                try (SketchSums sums = SKETCHES.open(backend, PROGRAM.linears(), seqLen)) {
                    time(3, () -> backward.run(weights, hidden, gradient, target, sums));
                }
            }
        }
        table("forward", "back", "back, with recomputation", "the same, with both sketches of each linear");
    }

    private void time(int row, Runnable body) {
        long start = System.nanoTime();
        body.run();
        best[row] = Math.min(best[row], (System.nanoTime() - start) / 1e9);
    }

    private void table(String... names) {
        System.out.printf(Locale.ROOT, "| | best s | of forward |%n| --- | --- | --- |%n");
        for (int row = 0; row < names.length; row++) {
            System.out.printf(Locale.ROOT, "| %s | %.3f | %.2f |%n", names[row], best[row], best[row] / best[0]);
        }
    }
}
