package dev.quern.engine.evaluation.heldout;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.calibration.TileStates;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tiling.Tiling;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Measures compressed linears of a block. While the compressed model goes through the block, the probe keeps inputs of
 * a {@link TokenSample} in scratch files; afterwards it takes one linear after the other, so that every uncompressed
 * matrix is read once for all tiles, and only one of them is in memory. Products see the tiles of the walk.
 */
public final class LinearProbe implements AutoCloseable {
    private final ComputeBackend backend;
    private final BlockWeights weights;
    private final List<LinearSpec> linears;
    private final TokenSample sample;
    private final Tiling tiling;
    /** By the value that a unit reads: [tokens of the sample, columns]. */
    private final Map<String, TileStates> inputs = new HashMap<>();

    /**
     * @param tiling of the walk
     * @param scratch an existing folder
     * @param weights of the block, compressed ones in their places
     * @param linears of it that are measured
     */
    public LinearProbe(
            ComputeBackend backend, Tiling tiling, Path scratch, BlockWeights weights, List<LinearSpec> linears) {
        this.backend = backend;
        this.weights = weights;
        this.linears = linears;
        this.sample = new TokenSample(tiling.seqLen());
        this.tiling = new Tiling(tiling.windows(), sample.count(), tiling.windowsPerTile());
        try {
            for (WorkUnit unit : weights.block().program().units()) {
                if (!Collections.disjoint(unit.linears(), linears)) {
                    inputs.put(unit.input(), states(scratch, unit.cols()));
                }
            }
        } catch (RuntimeException e) {
            // The disk may hold some of them.
            close();
            throw e;
        }
    }

    private TileStates states(Path scratch, int cols) {
        return new TileStates(backend, scratch, tiling, TileRun.all(tiling), cols, backend.workingType());
    }

    /** What sees the inputs of a tile. */
    public LinearInputs tile(int tile) {
        return (unit, input) -> {
            TileStates states = inputs.get(unit.input());
            if (states != null) {
                keep(tile, input, states);
            }
        };
    }

    private void keep(int tile, Tensor input, TileStates states) {
        int[] positions = sample.positions(tiling.endWindow(tile) - tiling.firstWindow(tile));
        try (Scope scope = backend.memory().scope()) {
            MemorySegment host = scope.arena().allocateFrom(ValueLayout.JAVA_INT, positions);
            Tensor rows = backend.memory().upload(scope, host, DType.I32, 1, positions.length);
            Tensor kept = scope.reserve(backend.workingType(), positions.length, input.cols());
            backend.memory().gatherRows(input, rows, kept);
            states.store(tile, kept);
        }
    }

    /**
     * Measures all linears, once all tiles have been seen.
     *
     * @param uncompressed what the linears were
     * @param errors where their sums are added
     */
    public void measure(WeightSource uncompressed, LinearErrors errors, Cancellation cancellation) {
        for (LinearSpec linear : linears) {
            cancellation.check();
            LinearErrors.Sums sums = errors.add(weights.block().id(linear).module());
            backend.interruptibly(cancellation, () -> measure(linear, uncompressed, sums));
        }
    }

    private void measure(LinearSpec linear, WeightSource uncompressed, LinearErrors.Sums sums) {
        try (Scope scope = backend.memory().scope()) {
            Tensor matrix = scope.reserve(backend.workingType(), linear.rows(), linear.cols());
            try (Scope stored = backend.memory().scope()) {
                String name = weights.block().id(linear).weight();
                backend.memory().copy(uncompressed.load(stored, name), matrix);
            }
            addSquares(linear, matrix, sums.references());
            // The difference of the weights, not of the outputs, of which most would cancel.
            backend.elementwise().scale(-1, matrix);
            backend.elementwise().add(matrix, weights.working(linear, scope), matrix);
            addSquares(linear, matrix, sums.errors());
        }
    }

    /** Adds ‖matrix x‖² of the tokens of each window to its sum. */
    private void addSquares(LinearSpec linear, Tensor matrix, double[] sums) {
        TileStates states = Objects.requireNonNull(inputs.get(linear.input()), linear.input());
        for (int tile = 0; tile < tiling.tiles(); tile++) {
            try (Scope scope = backend.memory().scope()) {
                HostTensor outputs = product(states.load(tile, scope), matrix, scope);
                for (int row = 0; row < outputs.rows(); row++) {
                    int window = tiling.firstWindow(tile) + row / sample.count();
                    sums[window] += sample.weight(row % sample.count()) * square(outputs.row(row));
                }
            }
        }
    }

    private HostTensor product(Tensor x, Tensor matrix, Scope scope) {
        Tensor y = scope.reserve(backend.workingType(), x.rows(), matrix.rows());
        Precision precision = backend.precision(Precision.Use.SOLVE);
        backend.linearAlgebra().gemm(precision, 1, x, false, matrix, true, 0, y);
        MemorySegment host =
                scope.arena().allocate((long) y.rows() * y.cols() * y.dtype().bytes());
        backend.memory().download(y, host);
        return HostTensor.over(host, y.dtype(), y.rows(), y.cols());
    }

    private static double square(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }

    /**
     * Bytes that measuring a linear takes beside its block: the matrix as it is stored and in the working dtype, the
     * inputs of a tile, and its outputs twice.
     */
    public static long workingBytes(LinearSpec linear, Tiling tiling, int bytes) {
        long tokens = (long) tiling.windowsPerTile() * new TokenSample(tiling.seqLen()).count();
        return bytes * (2L * linear.rows() * linear.cols() + tokens * (linear.cols() + 2L * linear.rows()));
    }

    /**
     * Bytes of scratch for a block.
     *
     * @param windows of all tiles
     */
    public static long scratchBytes(BlockProgram program, long windows, int seqLen, int bytes) {
        long width = program.units().stream().mapToLong(WorkUnit::cols).sum();
        return windows * new TokenSample(seqLen).count() * width * bytes;
    }

    /** Operations for each token of the text beside the forward pass of a linear. */
    public static double operations(LinearSpec linear, int seqLen) {
        return 4.0 * linear.rows() * linear.cols() * new TokenSample(seqLen).count() / seqLen;
    }

    @Override
    public void close() {
        inputs.values().forEach(TileStates::close);
    }
}
