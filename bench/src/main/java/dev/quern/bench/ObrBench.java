package dev.quern.bench;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.mask.SupportFit;
import dev.quern.engine.mask.Wanda;
import dev.quern.engine.method.InputStatistics;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.engine.model.LinearId;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.openblas.blas.Blas;
import dev.quern.recipes.Recipe;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The parts of OBR: a randomised Hadamard turn of a matrix against a copy of it, and least squares on a mask by
 * conjugate gradients against a Cholesky factor for each row.
 *
 * <p>Arguments: threads, rounds, rows that the factors are made for: their time is taken times all rows over these.
 */
public final class ObrBench {
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final double DAMPING = 0.01;
    /** Rounds until the code is compiled, not counted. */
    private static final int WARM_UP = 3;

    private final OpenBlasBackend backend;
    private final int threads;
    private final int rounds;
    private final int factored;

    private ObrBench(OpenBlasBackend backend, String[] args) {
        this.backend = backend;
        this.threads = Integer.parseInt(args[0]);
        this.rounds = Integer.parseInt(args[1]);
        this.factored = Integer.parseInt(args[2]);
    }

    public static void main(String[] args) {
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(args[0]))) {
            ObrBench bench = new ObrBench(backend, args);
            print("%s%n", backend.description());
            bench.turns();
            bench.fits(1024, 2048);
            bench.fits(2048, 4096);
        }
    }

    private static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    private void turns() {
        print("| Hadamard turn of | copy s | turn s | ratio | copy cpu s | turn cpu s | ratio |");
        print("| --- | --- | --- | --- | --- | --- | --- |");
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
            turn(type, 4096, 4096, 1);
            turn(type, 4096, 14336, 28);
        }
        print("");
    }

    /** The factor is not orthogonal, which takes no other time. */
    private void turn(DType type, int rows, int cols, int order) {
        try (Scope scope = backend.memory().scope()) {
            Tensor matrix = scope.allocate(type, rows, cols);
            Tensor copy = scope.allocate(type, rows, cols);
            Tensor signs = signs(scope, 1, cols, 1);
            Tensor factor = signs(scope, order, order, 2);
            backend.memory().copy(gaussian(scope, rows, cols, 3, 1), matrix);
            Clock copying = new Clock();
            Clock turning = new Clock();
            for (int round = -WARM_UP; round < rounds; round++) {
                copying.measure(round, () -> backend.memory().copy(matrix, copy));
                turning.measure(round, () -> backend.linearAlgebra().hadamard(signs, factor, copy));
            }
            print(
                    "| %d x %d %s | %.3f | %.3f | %.1f | %.3f | %.3f | %.1f |",
                    rows,
                    cols,
                    type,
                    copying.best,
                    turning.best,
                    turning.best / copying.best,
                    copying.used / rounds,
                    turning.used / rounds,
                    turning.used / copying.used);
        }
    }

    /** The best of all rounds, and their processor time, which other programs on the machine change less. */
    private static final class Clock {
        private double best = Double.POSITIVE_INFINITY;
        private double used;

        void measure(int round, Runnable work) {
            long before = PROCESS.getProcessCpuTime();
            double seconds = seconds(work);
            if (round >= 0) {
                best = Math.min(best, seconds);
                used += (PROCESS.getProcessCpuTime() - before) / 1e9;
            }
        }
    }

    private void fits(int rows, int cols) {
        try (Scope scope = backend.memory().scope()) {
            Tensor w = gaussian(scope, rows, cols, 5, 0.02);
            Statistics.Inputs statistics = new Statistics.Inputs(gram(scope, cols), 1);
            InputStatistics inputs = InputStatistics.of(backend, scope, statistics, new LinearId("", "w"));
            Tensor mask = scope.allocate(DType.U8, rows, cols);
            backend.rounding().keepLargest(w, new Wanda(inputs).columns(scope), cols / 2, cols, mask);
            DampedFactor factor = DampedFactor.of(
                            backend, scope, inputs, new Recipe.Gptq(Recipe.Order.NONE, DAMPING), Cancellation.NEVER)
                    .orElseThrow();
            Tensor v = scope.allocate(DType.F32, rows, cols);
            SupportFit.Fitted[] fitted = new SupportFit.Fitted[1];
            double best = Double.POSITIVE_INFINITY;
            Tensor damped = damped(scope, inputs);
            double byRows = cholesky(scope, w, mask, damped, v, false);
            for (int round = 0; round < rounds; round++) {
                best = Math.min(best, seconds(() -> fitted[0] = fit(inputs, factor, w, mask, v)));
                byRows = Math.min(byRows, cholesky(scope, w, mask, damped, v, round == rounds - 1));
            }
            print(
                    "%d x %d: condition %.3g; gradients %.2f s, %d steps, error %.6g; factors %.1f s (%d rows measured); %.1f times",
                    rows,
                    cols,
                    condition(scope, damped, inputs, factor),
                    best,
                    fitted[0].steps(),
                    fitted[0].error(),
                    byRows * rows / factored,
                    factored,
                    byRows * rows / factored / best);
        }
    }

    /** With what a unit shares, for one linear. */
    private SupportFit.Fitted fit(InputStatistics inputs, DampedFactor factor, Tensor w, Tensor mask, Tensor v) {
        try (Scope scope = backend.memory().scope()) {
            return SupportFit.of(backend, scope, inputs, factor, Cancellation.NEVER)
                    .fit(w, mask, v);
        }
    }

    private Tensor damped(Scope scope, InputStatistics inputs) {
        int n = inputs.columns();
        Tensor damped = scope.allocate(DType.F64, n, n);
        backend.memory().copy(inputs.gram(), damped);
        backend.elementwise().addDiagonal(DAMPING * inputs.meanDiagonal(), damped);
        return damped;
    }

    /** Solves the first rows by a factor each; compares errors with those of v where asked. */
    private double cholesky(Scope scope, Tensor w, Tensor mask, Tensor damped, Tensor v, boolean compare) {
        Tensor first = scope.allocate(DType.F64, factored, w.cols());
        Tensor product = scope.allocate(DType.F64, factored, w.cols());
        Tensor exact = scope.allocate(DType.F64, factored, w.cols());
        backend.memory().copy(w.rows(0, factored), first);
        double seconds;
        try (HostThreads team = new HostThreads("rows", threads)) {
            seconds = seconds(() -> {
                backend.linearAlgebra().gemm(Precision.F64, 1, first, false, damped, false, 0, product);
                team.run(factored, r -> row(r, mask, HostTensor.of(damped), HostTensor.of(product), exact));
            });
        }
        if (compare) {
            double best = error(scope, first, exact, damped);
            backend.memory().copy(v.rows(0, factored), exact);
            double ours = error(scope, first, exact, damped);
            print("error of %d rows: %.8g, gradients %.8g, %+.1e", factored, best, ours, ours / best - 1);
        }
        return seconds;
    }

    private void row(int r, Tensor mask, HostTensor damped, HostTensor product, Tensor exact) {
        double[] kept = HostTensor.of(mask).row(r);
        int[] at = IntStream.range(0, kept.length).filter(c -> kept[c] != 0).toArray();
        int k = at.length;
        try (Scope scope = backend.memory().scope()) {
            HostTensor factor = HostTensor.of(scope.allocate(DType.F64, k, k));
            double[] line = new double[kept.length];
            double[] part = new double[k];
            for (int i = 0; i < k; i++) {
                MemorySegment.copy(damped.memory(), JAVA_DOUBLE, damped.byteAt(at[i], 0), line, 0, line.length);
                for (int j = 0; j <= i; j++) {
                    part[j] = line[at[j]];
                }
                MemorySegment.copy(part, 0, factor.memory(), JAVA_DOUBLE, factor.byteAt(i, 0), i + 1);
            }
            if (!Blas.choleskyLower(factor)) {
                throw new IllegalStateException("row " + r + ": not positive definite (expected: damped enough)");
            }
            double[] x = solve(factor, at, product.row(r));
            for (int i = 0; i < k; i++) {
                HostTensor.of(exact).set(r, at[i], x[i]);
            }
        }
    }

    /** {@code L Lᵀ x = b}, both ways along the rows of L. */
    private static double[] solve(HostTensor factor, int[] at, double[] b) {
        int k = at.length;
        double[] x = new double[k];
        double[] line = new double[k];
        for (int i = 0; i < k; i++) {
            MemorySegment.copy(factor.memory(), JAVA_DOUBLE, factor.byteAt(i, 0), line, 0, i + 1);
            double sum = b[at[i]];
            for (int j = 0; j < i; j++) {
                sum -= line[j] * x[j];
            }
            x[i] = sum / line[i];
        }
        for (int i = k - 1; i >= 0; i--) {
            MemorySegment.copy(factor.memory(), JAVA_DOUBLE, factor.byteAt(i, 0), line, 0, i + 1);
            x[i] /= line[i];
            for (int j = 0; j < i; j++) {
                x[j] -= line[j] * x[i];
            }
        }
        return x;
    }

    private double error(Scope scope, Tensor w, Tensor v, Tensor damped) {
        Tensor difference = scope.allocate(DType.F64, w.rows(), w.cols());
        Tensor product = scope.allocate(DType.F64, w.rows(), w.cols());
        Tensor sum = scope.allocate(DType.F64, 1, 1);
        backend.memory().copy(v, difference);
        backend.elementwise().scale(-1, difference);
        backend.elementwise().add(difference, w, difference);
        backend.linearAlgebra().gemm(Precision.F64, 1, difference, false, damped, false, 0, product);
        backend.elementwise().addDot(difference, product, sum);
        return backend.memory().value(sum);
    }

    /** Largest over smallest eigenvalue, by powers of H and of its inverse. */
    private double condition(Scope scope, Tensor damped, InputStatistics inputs, DampedFactor factor) {
        int n = inputs.columns();
        Tensor inverse = scope.allocate(DType.F32, n, n);
        backend.linearAlgebra().invertFactored(factor.unit(), factor.pivots(), inverse);
        Tensor wide = scope.allocate(DType.F64, n, n);
        backend.memory().copy(inverse, wide);
        return largest(scope, damped) * largest(scope, wide);
    }

    private double largest(Scope scope, Tensor matrix) {
        Tensor x = scope.allocate(DType.F64, 1, matrix.rows());
        Tensor y = scope.allocate(DType.F64, 1, matrix.rows());
        backend.memory().copy(gaussian(scope, 1, matrix.rows(), 9, 1), x);
        double size = 0;
        for (int i = 0; i < 30; i++) {
            backend.linearAlgebra().gemm(Precision.F64, 1, x, false, matrix, false, 0, y);
            size = backend.elementwise().maxAbs(y);
            backend.memory().copy(y, x);
            backend.elementwise().scale(1 / size, x);
        }
        return size;
    }

    /** H of inputs whose directions fall in strength, one of them massive, and whose channels differ in size. */
    private Tensor gram(Scope scope, int cols) {
        Tensor h = scope.allocate(DType.F64, cols, cols);
        try (Scope local = backend.memory().scope()) {
            int rank = cols / 8;
            Tensor source = gaussian(local, 2 * cols, rank, 2, 1);
            SplittableRandom random = new SplittableRandom(4);
            for (int k = 0; k < rank; k++) {
                backend.elementwise().scale(8 / Math.pow(k + 1, 0.7), source.cols(k, k + 1));
            }
            Tensor x = gaussian(local, 2 * cols, cols, 1, 0.3);
            Tensor mix = gaussian(local, rank, cols, 3, 1);
            backend.linearAlgebra().gemm(Precision.F32, 1, source, false, mix, false, 1, x);
            for (int j = 0; j < cols; j++) {
                backend.elementwise().scale(Math.exp(0.5 * random.nextGaussian()), x.cols(j, j + 1));
            }
            backend.linearAlgebra().addGram(x, h);
        }
        return h;
    }

    private static Tensor signs(Scope scope, int rows, int cols, long seed) {
        HostTensor values = HostTensor.of(gaussian(scope, rows, cols, seed, 1));
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                values.set(r, c, Math.signum(values.get(r, c)));
            }
        }
        return values;
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
