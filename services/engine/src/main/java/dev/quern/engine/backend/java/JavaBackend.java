package dev.quern.engine.backend.java;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostBackend;
import dev.quern.engine.backend.host.HostThreads;

/**
 * The specification. All arithmetic is float64, sums run in the order of their index, and a result is rounded once, to
 * the dtype of the tensor that it is stored in. The working type is therefore only what callers allocate: F64 for the
 * oracle.
 */
public final class JavaBackend extends HostBackend {
    /**
     * @param workingType F32 or F64
     * @param threads how many tasks run at once; changes no bit
     */
    public JavaBackend(DType workingType, int threads) {
        this(checked(workingType), new HostThreads("quern-java", threads));
    }

    private JavaBackend(DType workingType, HostThreads threads) {
        super("java " + workingType, workingType, threads, primitives(threads));
    }

    /** It takes elements one by one, from any dtype. */
    @Override
    public DType matrixType(DType stored) {
        return stored == DType.BF16 ? stored : workingType();
    }

    private static DType checked(DType workingType) {
        boolean valid = workingType == DType.F32 || workingType == DType.F64;
        Shapes.check("workingType", workingType.bytes(), valid, "4 or 8 bytes");
        return workingType;
    }

    private static Primitives primitives(HostThreads threads) {
        return new Primitives(
                new JavaMemory(new HostAllocator(), threads),
                new JavaLinearAlgebra(threads),
                new JavaElementwise(),
                new JavaTransformer(threads),
                new JavaGradients(threads),
                new JavaRounding(threads));
    }
}
