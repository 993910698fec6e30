package dev.quern.engine.backend;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/** The same operands on a backend under test and, in float64, on the specification. */
public final class Parity implements AutoCloseable {
    /** Half a unit in the last place of 1. */
    public static final double FLOAT_ULP = 0x1p-24;

    private static final double GUARD = 77;

    final ComputeBackend subject;
    final ComputeBackend oracle = new JavaBackend(DType.F64, 1);
    final Random random;
    private final long seed;
    private final Arena arena = Arena.ofShared();
    private final Scope scope;
    private final Scope oracleScope = oracle.memory().scope();

    Parity(ComputeBackend subject) {
        this.subject = subject;
        this.scope = subject.memory().scope();
        this.seed = Long.getLong("quern.seed", System.nanoTime());
        this.random = new Random(seed);
    }

    /** The same matrix on both sides; the subject's is a view into a larger one, whose other elements are guards. */
    record Both(Tensor subject, Tensor whole, Tensor oracle) {
        int rows() {
            return oracle.rows();
        }

        int cols() {
            return oracle.cols();
        }

        Both rows(int from, int to) {
            return new Both(subject.rows(from, to), whole, oracle.rows(from, to));
        }
    }

    /** Uniform in (-magnitude, magnitude). */
    Both random(DType type, int rows, int cols, double magnitude) {
        return filled(type, rows, cols, () -> (random.nextDouble() * 2 - 1) * magnitude);
    }

    Both zeros(DType type, int rows, int cols) {
        return filled(type, rows, cols, () -> 0);
    }

    Both filled(DType type, int rows, int cols, DoubleSupplier values) {
        Tensor whole = scope.allocate(type, rows + 2, cols + 3);
        int left = random.nextInt(4);
        int top = random.nextInt(3);
        fill(whole, GUARD);
        Tensor view = whole.rows(top, top + rows).cols(left, left + cols);
        // Of the subject's dtype first: both sides hold the rounded values.
        Tensor oracleView = oracleScope.allocate(DType.F64, rows, cols);
        upload(view, values);
        oracle.memory().copy(HostTensor.over(download(view), type, rows, cols), oracleView);
        return new Both(view, whole, oracleView);
    }

    Both ints(int... values) {
        MemorySegment memory = arena.allocate(4L * Math.max(1, values.length), 8);
        for (int i = 0; i < values.length; i++) {
            memory.setAtIndex(JAVA_INT, i, values[i]);
        }
        Tensor tensor = subject.memory().upload(scope, memory, DType.I32, 1, values.length);
        return new Both(tensor, tensor, HostTensor.over(memory, DType.I32, 1, values.length));
    }

    private void upload(Tensor target, DoubleSupplier values) {
        HostTensor host = host(target);
        for (int r = 0; r < target.rows(); r++) {
            for (int c = 0; c < target.cols(); c++) {
                host.set(r, c, values.getAsDouble());
            }
        }
        subject.memory()
                .copy(
                        subject.memory().upload(scope, host.memory(), target.dtype(), target.rows(), target.cols()),
                        target);
    }

    private void fill(Tensor whole, double value) {
        upload(whole, () -> value);
    }

    private HostTensor host(Tensor like) {
        long bytes = (long) like.rows() * like.cols() * like.dtype().bytes();
        return HostTensor.over(arena.allocate(Math.max(1, bytes), 64), like.dtype(), like.rows(), like.cols());
    }

    MemorySegment download(Tensor tensor) {
        HostTensor host = host(tensor);
        subject.memory().download(tensor, host.memory());
        return host.memory();
    }

    /** All elements of a tensor of the subject as float64. */
    double[][] values(Tensor tensor) {
        HostTensor host = HostTensor.over(download(tensor), tensor.dtype(), tensor.rows(), tensor.cols());
        double[][] rows = new double[tensor.rows()][];
        Arrays.setAll(rows, host::row);
        return rows;
    }

    /** Runs the same primitive on both sides. */
    void run(Consumer<ComputeBackend> onSubject, Consumer<ComputeBackend> onOracle) {
        onSubject.accept(subject);
        onOracle.accept(oracle);
    }

    /** {@code |actual - expected| <= absolute + relative * |expected|} for all elements, and no guard has changed. */
    void verify(String what, Both both, double absolute, double relative) {
        double[][] actual = values(both.subject);
        HostTensor expected = HostTensor.of(both.oracle);
        for (int r = 0; r < both.rows(); r++) {
            for (int c = 0; c < both.cols(); c++) {
                double want = expected.get(r, c);
                double allowed = absolute + relative * Math.abs(want);
                if (!close(actual[r][c], want, allowed)) {
                    throw new AssertionError("%s [%d, %d] of %s, seed %d: %s (expected: %s ± %s)"
                            .formatted(what, r, c, both.subject.dtype(), seed, actual[r][c], want, allowed));
                }
            }
        }
        verifyGuards(what, both);
    }

    private static boolean close(double actual, double expected, double allowed) {
        return Double.compare(actual, expected) == 0
                || actual == expected
                || (Double.isFinite(expected) && Math.abs(actual - expected) <= allowed);
    }

    private void verifyGuards(String what, Both both) {
        long guards = Arrays.stream(values(both.whole))
                .flatMapToDouble(Arrays::stream)
                .filter(value -> value == GUARD)
                .count();
        long outside = (long) both.whole.rows() * both.whole.cols() - (long) both.subject.rows() * both.subject.cols();
        if (both.whole.rows() == both.subject.rows() + 2) {
            assertThat(guards).as("elements around %s, seed %d", what, seed).isGreaterThanOrEqualTo(outside);
        }
    }

    String seed() {
        return "seed " + seed;
    }

    static double[] doubles(MemorySegment memory, int n) {
        return memory.asSlice(0, 8L * n).toArray(JAVA_DOUBLE);
    }

    @Override
    public void close() {
        scope.close();
        oracleScope.close();
        oracle.close();
        arena.close();
    }
}
