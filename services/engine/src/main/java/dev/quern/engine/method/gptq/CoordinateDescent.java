package dev.quern.engine.method.gptq;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.InputStatistics;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Polishes weights that are on a grid: first each scale moves to where {@code tr(E H Eᵀ)} is least, then each code
 * does, one after the other, with H damped (docs/algorithms.md, polish). Neither step raises the error.
 *
 * <p>With the gradient G = E H, code j of a row is best at {@code q_j + G_j / H_jj}. Inside a panel that is GPTQ's
 * sweep with {@code H_kj / H_jj} as the factor, around the weights as they are; after a panel one product brings G up
 * to date.
 *
 * @param h [n, n], damped, working type
 * @param inverse [1, n]: one over its diagonal, working type
 * @param natural I32 [1, n]: 0, 1, 2 …
 */
record CoordinateDescent(ComputeBackend backend, Tensor h, Tensor inverse, Tensor natural) {
    private static final int PANEL = GptqSweep.PANEL;

    /** What {@link #of} keeps in its scope. */
    static long sharedBytes(int cols, int typeBytes) {
        return (long) cols * cols * typeBytes + 16L * cols;
    }

    /** What {@link #run} allocates; groups may be as wide as a row. */
    static long workingBytes(int rows, int cols, int typeBytes) {
        // Errors, gradient and two more; codes.
        return (long) rows * cols * (4L * typeBytes + 1) + (long) PANEL * PANEL * (typeBytes + Double.BYTES);
    }

    /** @param damping as a fraction of the mean diagonal of H */
    static CoordinateDescent of(ComputeBackend backend, Scope scope, InputStatistics inputs, double damping) {
        int n = inputs.columns();
        Tensor h = scope.allocate(backend.workingType(), n, n);
        backend.memory().copy(inputs.gram(), h);
        double added = damping * inputs.meanDiagonal();
        backend.elementwise().addDiagonal(added, h);
        double[] inverse = new double[n];
        backend.memory().download(inputs.diagonal(), MemorySegment.ofArray(inverse));
        Arrays.setAll(inverse, j -> 1 / (inverse[j] + added));
        Tensor working = scope.allocate(backend.workingType(), 1, n);
        try (Scope local = backend.memory().scope()) {
            backend.memory()
                    .copy(backend.memory().upload(local, MemorySegment.ofArray(inverse), DType.F64, 1, n), working);
        }
        int[] rising = IntStream.range(0, n).toArray();
        Tensor natural = backend.memory().upload(scope, MemorySegment.ofArray(rising), DType.I32, 1, n);
        return new CoordinateDescent(backend, h, working, natural);
    }

    /**
     * @param w [m, n]
     * @param codes are changed in place, and so are their scales
     * @return tr(E H Eᵀ)
     */
    double run(Tensor w, GridCodes codes, int sweeps, Cancellation cancellation) {
        try (Scope scope = backend.memory().scope()) {
            Tensor errors = scope.allocate(w.dtype(), w.rows(), w.cols());
            Tensor gradient = scope.allocate(w.dtype(), w.rows(), w.cols());
            codes.error(w, w.dtype(), errors);
            Tensor groups = scope.allocate(DType.I32, 1, w.cols());
            backend.rounding().groups(natural, codes.grid().groupSize(), groups);
            Descent descent = new Descent(codes, errors, gradient, groups, cancellation);
            product(1, errors, h, 0, gradient);
            for (int sweep = 0; sweep < sweeps; sweep++) {
                descent.sweep();
            }
            Tensor loss = scope.allocate(DType.F64, 1, 1);
            backend.elementwise().addDot(errors, gradient, loss);
            return backend.memory().value(loss);
        }
    }

    private void product(double factor, Tensor a, Tensor b, double keep, Tensor target) {
        Precision precision = backend.precision(Precision.Use.SOLVE);
        backend.linearAlgebra().gemm(precision, factor, a, false, b, false, keep, target);
    }

    /** One linear: its errors [m, n] are W - Q, its gradient is the errors times H, its groups are I32 [1, n]. */
    private final class Descent {
        private final GridCodes codes;
        private final Tensor errors;
        private final Tensor gradient;
        private final Tensor groups;
        private final Cancellation cancellation;

        Descent(GridCodes codes, Tensor errors, Tensor gradient, Tensor groups, Cancellation cancellation) {
            this.codes = codes;
            this.errors = errors;
            this.gradient = gradient;
            this.groups = groups;
            this.cancellation = cancellation;
        }

        void sweep() {
            int cols = errors.cols();
            int size = codes.grid().groupSize();
            for (int from = 0; from < cols; from += size) {
                cancellation.check();
                refit(from, from + size);
            }
            // Whole groups, or a part of one.
            int panel = size >= PANEL ? PANEL : PANEL / size * size;
            for (int group = 0; group < cols; group += Math.max(size, panel)) {
                int end = Math.min(cols, group + Math.max(size, panel));
                for (int from = group; from < end; from += panel) {
                    cancellation.check();
                    descend(from, Math.min(end, from + panel));
                }
            }
        }

        private void refit(int from, int to) {
            try (Scope scope = backend.memory().scope()) {
                Tensor steps = scope.allocate(errors.dtype(), errors.rows(), to - from);
                Tensor other = scope.allocate(errors.dtype(), errors.rows(), to - from);
                Tensor scales = scales(from, to);
                Tensor units = units(scope, scales);
                decode(from, to, units, steps);
                product(1, steps, h.rows(from, to).cols(from, to), 0, other);
                Tensor before = scope.allocate(scales.dtype(), scales.rows(), 1);
                backend.memory().copy(scales, before);
                backend.rounding()
                        .refitScales(new Rounding.Refit(steps, other, gradient.cols(from, to)), codes.grid(), scales);
                decode(from, to, before, steps);
                decode(from, to, scales, other);
                backend.elementwise().scale(-1, other);
                backend.elementwise().add(steps, other, steps);
                changed(from, to, steps);
            }
        }

        /** Steps are weights on a scale of one. */
        private Tensor units(Scope scope, Tensor scales) {
            float[] ones = new float[scales.rows()];
            Arrays.fill(ones, 1);
            Tensor units = scope.allocate(scales.dtype(), scales.rows(), 1);
            try (Scope local = backend.memory().scope()) {
                MemorySegment values = MemorySegment.ofArray(ones);
                backend.memory().copy(backend.memory().upload(local, values, DType.F32, ones.length, 1), units);
            }
            return units;
        }

        private void descend(int from, int to) {
            try (Scope scope = backend.memory().scope()) {
                int cols = to - from;
                Tensor before = scope.allocate(errors.dtype(), errors.rows(), cols);
                Tensor target = scope.allocate(errors.dtype(), errors.rows(), cols);
                Tensor unit = scope.allocate(errors.dtype(), cols, cols);
                Tensor pivots = scope.allocate(DType.F64, 1, cols);
                Tensor loss = scope.allocate(DType.F64, 1, 1);
                panelOf(from, to, unit, pivots);
                decode(from, to, scales(from, to), before);
                backend.memory().copy(gradient.cols(from, to), target);
                backend.elementwise().multiplyRow(inverse.cols(from, to), target);
                backend.elementwise().add(target, before, target);
                Tensor mask = codes.mask() == null ? null : codes.mask().cols(from, to);
                Panel panel = new Panel(target, before, unit, pivots, groups.cols(from, to), mask);
                Grid grid = new Grid(codes.grid(), codes.scales(), codes.zeros());
                Tensor change = scope.allocate(errors.dtype(), errors.rows(), cols);
                backend.rounding().gptqPanel(panel, grid, codes.codes().cols(from, to), change, loss);
                changed(from, to, change);
            }
        }

        /** The square of H on the diagonal, columns divided by their diagonal element. */
        private void panelOf(int from, int to, Tensor unit, Tensor pivots) {
            try (Scope scope = backend.memory().scope()) {
                Tensor square = scope.allocate(DType.F64, to - from, to - from);
                backend.memory().copy(h.rows(from, to).cols(from, to), square);
                backend.rounding().splitFactor(square, unit, pivots);
            }
        }

        /** @param change [m, to - from]: the weights on the grid before, less those now */
        private void changed(int from, int to, Tensor change) {
            Tensor part = errors.cols(from, to);
            backend.elementwise().add(part, change, part);
            product(1, change, h.rows(from, to), 1, gradient);
        }

        private Tensor scales(int from, int to) {
            int size = codes.grid().groupSize();
            return codes.scales().cols(from / size, Math.ceilDiv(to, size));
        }

        private void decode(int from, int to, Tensor scales, Tensor target) {
            GridOptions grid = codes.grid();
            int size = Math.min(grid.groupSize(), to - from);
            Tensor zeros = codes.zeros().cols(from / grid.groupSize(), Math.ceilDiv(to, grid.groupSize()));
            backend.rounding().decode(codes.codes().cols(from, to), scales, zeros, size, target.dtype(), target);
        }
    }
}
