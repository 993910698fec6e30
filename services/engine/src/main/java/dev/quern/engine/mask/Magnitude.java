package dev.quern.engine.mask;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** |w|: every column counts alike. */
public record Magnitude(ComputeBackend backend, int cols) implements Importance {
    @Override
    public Tensor columns(Scope scope) {
        double[] ones = new double[cols];
        Arrays.fill(ones, 1);
        return backend.memory().upload(scope, MemorySegment.ofArray(ones), DType.F64, 1, cols);
    }
}
