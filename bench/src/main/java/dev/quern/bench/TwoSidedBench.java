package dev.quern.bench;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.method.gptq.GptqSweep;
import dev.quern.openblas.OpenBlasBackend;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Two-sided rounding beside GPTQ at the same shape and on the same grid, with the operations of each and of the
 * recurrence that the method was published with.
 *
 * <p>Arguments: threads, rounds, rows, columns.
 */
public final class TwoSidedBench {
    private static final int GROUP = 128;
    private static final int TOKENS = 4096;
    private static final GridOptions GRID = new GridOptions(4, GROUP, true, true, DType.BF16);

    private final ComputeBackend backend;
    private final Scope scope;
    private final int rounds;
    private final Tensor w;
    private final DampedFactor inner;
    private final DampedFactor outer;
    private final GridCodes nearest;
    private final Tensor errors;

    private TwoSidedBench(ComputeBackend backend, Scope scope, int rounds, int rows, int cols) {
        this.backend = backend;
        this.scope = scope;
        this.rounds = rounds;
        w = gaussian(scope, rows, cols, 1, 0.02);
        inner = factor(cols, 2);
        outer = factor(rows, 3);
        nearest = GridCodes.nearest(backend, scope, w, GRID, Cancellation.NEVER);
        errors = scope.allocate(DType.F32, rows, cols);
    }

    public static void main(String[] args) {
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(args[0]));
                Scope scope = backend.memory().scope()) {
            int rows = Integer.parseInt(args[2]);
            int cols = Integer.parseInt(args[3]);
            new TwoSidedBench(backend, scope, Integer.parseInt(args[1]), rows, cols).run();
        }
    }

    private void run() {
        double m = w.rows();
        double n = w.cols();
        List<GptqSweep> sweeps = List.of(
                sweep(GptqSweep.PANEL),
                sweep(GptqSweep.TWO_SIDED_PANEL).withOuter(outer),
                sweep(GROUP).withLazyScales(),
                sweep(GptqSweep.TWO_SIDED_PANEL).withLazyScales().withOuter(outer));
        double[] best = best(sweeps);
        print("%s%n", backend.description());
        print("| %d x %d | GFLOP | best s | of GPTQ |", w.rows(), w.cols());
        print("| --- | --- | --- | --- |");
        line("GPTQ", m * n * n, best[0], best[0]);
        line("two-sided", m * n * (m + n), best[1], best[0]);
        line("GPTQ, grids fitted in the sweep", m * n * n, best[2], best[2]);
        line("two-sided, grids fitted in the sweep", m * n * (m + n), best[3], best[2]);
        print("| the published recurrence, tiles of 16 with dense tails | %.0f | | |", m * m * n * n / 8 / 1e9);
    }

    /** Each in turn, so that whatever else the machine does meets all alike. */
    private double[] best(List<GptqSweep> sweeps) {
        double[] best = new double[sweeps.size()];
        Arrays.fill(best, Double.POSITIVE_INFINITY);
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < best.length; i++) {
                long start = System.nanoTime();
                sweeps.get(i).run(w, nearest.scales(), nearest.zeros(), nearest.codes(), errors);
                best[i] = Math.min(best[i], (System.nanoTime() - start) / 1e9);
            }
        }
        return best;
    }

    private static void line(String name, double operations, double seconds, double reference) {
        print("| %s | %.1f | %.3f | %.2f |", name, operations / 1e9, seconds, seconds / reference);
    }

    private GptqSweep sweep(int panel) {
        return new GptqSweep(backend, inner, GRID, panel, Cancellation.NEVER);
    }

    /** The factor for inputs or gradients with a few strong directions and channels of different size. */
    private DampedFactor factor(int n, long seed) {
        int rank = n / 16;
        Tensor h = scope.allocate(DType.F64, n, n);
        try (Scope local = backend.memory().scope()) {
            Tensor x = gaussian(local, TOKENS, n, seed, 0.5);
            Tensor source = gaussian(local, TOKENS, rank, seed + 10, 1);
            Tensor mix = gaussian(local, rank, n, seed + 20, 0.1);
            backend.linearAlgebra().gemm(Precision.F32, 1, source, false, mix, false, 1, x);
            backend.linearAlgebra().addGram(x, h);
        }
        double mean = HostTensor.of(h).get(0, 0);
        return DampedFactor.of(backend, scope, h, null, mean, 0.01, Cancellation.NEVER)
                .orElseThrow();
    }

    private static Tensor gaussian(Scope scope, int rows, int cols, long seed, double size) {
        SplittableRandom random = new SplittableRandom(seed);
        HostTensor values = HostTensor.of(scope.allocate(DType.F32, rows, cols));
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                values.set(r, c, size * random.nextGaussian());
            }
        }
        return values;
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
