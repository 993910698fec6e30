package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.family.DenseBlock;
import dev.quern.openblas.OpenBlasBackend;
import java.util.Locale;

/**
 * One block of the shape of Llama 3 8B at 2,048 tokens: the rate of the whole block against the rate of a plain sgemm
 * in the same run.
 *
 * <p>Arguments: threads, rounds. Needs 2.5 GB of memory.
 */
public final class ForwardBench {
    private static final int HIDDEN = 4096;
    private static final int TOKENS = 2048;
    private static final int HEADS = 32;
    private static final int HEAD_DIM = 128;
    private static final DenseBlock BLOCK =
            new DenseBlock(HIDDEN, 14336, HEADS, 8, HEAD_DIM, 1e-5, false, false, false, false);
    private static final int SQUARE = 4096;

    private final ComputeBackend backend;
    private final BlockProgram program = BLOCK.program();
    private final RandomBlock random;
    private final int rounds;

    private ForwardBench(ComputeBackend backend, int rounds) {
        this.backend = backend;
        this.random = new RandomBlock(backend, program, HEAD_DIM);
        this.rounds = rounds;
    }

    public static void main(String[] args) {
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(args[0]))) {
            new ForwardBench(backend, Integer.parseInt(args[1])).run();
        }
    }

    private void run() {
        System.out.printf(Locale.ROOT, "%s%n%n", backend.description());
        System.out.printf(Locale.ROOT, "| | GFLOP | best s | GFLOP/s | of sgemm |%n| --- | --- | --- | --- | --- |%n");
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = new Interpreter(backend, TOKENS, Cancellation.NEVER);
                BlockWeights weights = random.weights()) {
            Runnable sgemm = sgemm(scope);
            Tensor hidden = random.matrix(scope, TOKENS, HIDDEN);
            Tensor target = scope.allocate(DType.F32, TOKENS, HIDDEN);
            Runnable block = () -> interpreter.run(weights, hidden, target, LinearInputs.NONE);
            double load = seconds(() -> load(weights));
            double sgemmSeconds = Double.POSITIVE_INFINITY;
            double blockSeconds = Double.POSITIVE_INFINITY;
            for (int round = 0; round < rounds; round++) {
                // In turn, so that both meet the same weather.
                sgemmSeconds = Math.min(sgemmSeconds, seconds(sgemm));
                blockSeconds = Math.min(blockSeconds, seconds(block));
            }
            double rate = 2.0 * SQUARE * SQUARE * SQUARE / sgemmSeconds;
            row("sgemm %d³".formatted(SQUARE), rate * sgemmSeconds, sgemmSeconds, rate);
            row("block, %d tokens".formatted(TOKENS), flops(), blockSeconds, rate);
            System.out.printf(Locale.ROOT, "%nweights of the block from bf16, once: %.2f s%n", load);
        }
    }

    private void load(BlockWeights weights) {
        program.linears().forEach(weights::matrix);
    }

    private static void row(String name, double flops, double seconds, double sgemm) {
        double rate = flops / seconds;
        System.out.printf(
                Locale.ROOT,
                "| %s | %.0f | %.3f | %.1f | %.0f %% |%n",
                name,
                flops / 1e9,
                seconds,
                rate / 1e9,
                100 * rate / sgemm);
    }

    /** Products of linears and of causal attention; nothing else is counted. */
    private double flops() {
        double perToken = 0;
        for (LinearSpec linear : program.linears()) {
            perToken += 2.0 * linear.rows() * linear.cols();
        }
        // q kᵀ and p v over half of the square.
        double attention = 4.0 * HEADS * HEAD_DIM * TOKENS / 2;
        return TOKENS * (perToken + attention);
    }

    private Runnable sgemm(Scope scope) {
        Tensor a = random.matrix(scope, SQUARE, SQUARE);
        Tensor b = random.matrix(scope, SQUARE, SQUARE);
        Tensor c = scope.allocate(DType.F32, SQUARE, SQUARE);
        return () -> backend.linearAlgebra().gemm(Precision.F32, 1, a, false, b, true, 0, c);
    }

    private static double seconds(Runnable body) {
        long start = System.nanoTime();
        body.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
