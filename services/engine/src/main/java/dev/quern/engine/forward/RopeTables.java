package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.RopeSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Cosines and sines of a rotary embedding on a backend, each [seqLen, headDim / 2] in the working dtype. */
public record RopeTables(Tensor cos, Tensor sin) {
    /** @param arena of the host's copy, which a backend may read in place: shared, and closed after the scope */
    static RopeTables of(ComputeBackend backend, RopeSpec rope, int seqLen, Scope scope, Arena arena) {
        return new RopeTables(
                table(backend, rope.cosines(seqLen), seqLen, scope, arena),
                table(backend, rope.sines(seqLen), seqLen, scope, arena));
    }

    private static Tensor table(ComputeBackend backend, float[] values, int seqLen, Scope scope, Arena arena) {
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        Tensor stored = backend.memory().upload(scope, host, DType.F32, seqLen, values.length / seqLen);
        return backend.workingType() == DType.F32 ? stored : Held.cast(backend, stored, scope);
    }
}
