package dev.quern.bench;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.RopeSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.engine.model.WeightSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;

/** One block with random bf16 weights, which live until the process ends. */
record RandomBlock(ComputeBackend backend, BlockProgram program, int headDim) {
    /** To be closed by the caller. */
    BlockWeights weights() {
        return new BlockWeights(backend, source(), new Block("", program, rope()));
    }

    private WeightSource source() {
        Map<String, TensorSpec> specs = new HashMap<>();
        Map<String, MemorySegment> stored = new HashMap<>();
        for (TensorSpec weight : program.weights()) {
            specs.put(weight.name(), weight);
            stored.put(weight.name(), bf16(weight.rows(), weight.cols()));
        }
        return (scope, name) -> {
            TensorSpec spec = Objects.requireNonNull(specs.get(name));
            return upload(scope, Objects.requireNonNull(stored.get(name)), spec.rows(), spec.cols());
        };
    }

    private RopeSpec rope() {
        return new RopeSpec(headDim, Collections.nCopies(headDim / 2, 0.01));
    }

    /** A random matrix in float32. */
    Tensor matrix(Scope scope, int rows, int cols) {
        Tensor matrix = scope.allocate(DType.F32, rows, cols);
        backend.memory().copy(upload(scope, bf16(rows, cols), rows, cols), matrix);
        return matrix;
    }

    private Tensor upload(Scope scope, MemorySegment values, int rows, int cols) {
        return backend.memory().upload(scope, values, DType.BF16, rows, cols);
    }

    /** Values of either sign around 2^-6: as large as trained weights, and no arithmetic meets a denormal number. */
    private static MemorySegment bf16(int rows, int cols) {
        SplittableRandom random = new SplittableRandom(1);
        MemorySegment values = Arena.global().allocate(ValueLayout.JAVA_SHORT, (long) rows * cols);
        for (long i = 0; i < (long) rows * cols; i++) {
            int bits = random.nextInt();
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) ((bits & 0x80FF) | 0x3C00));
        }
        return values;
    }
}
