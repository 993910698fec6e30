package dev.quern.openblas;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostBackend;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.openblas.blas.Blas;
import dev.quern.openblas.rounding.VectorRounding;
import dev.quern.openblas.vector.VectorElementwise;
import dev.quern.openblas.vector.VectorGradients;
import dev.quern.openblas.vector.VectorMath;
import dev.quern.openblas.vector.VectorMemory;
import dev.quern.openblas.vector.VectorTransformer;
import dev.quern.recipes.error.QuernException;

/**
 * The CPU in float32: OpenBLAS for products and factorisations, vector code for the rest. It describes itself for
 * example as {@code OpenBLAS 0.3.31 (SkylakeX), 512-bit vectors, 2 threads}.
 */
public final class OpenBlasBackend extends HostBackend {
    /**
     * @param threads how many tasks run at once; changes no bit
     * @throws QuernException when OpenBLAS cannot be loaded
     */
    public OpenBlasBackend(int threads) {
        this(kernels(), new HostThreads("quern-openblas", threads));
    }

    private OpenBlasBackend(String kernels, HostThreads threads) {
        super(kernels, DType.F32, threads, primitives(threads));
    }

    /** The class of the library's functions loads it when it is first used. */
    private static String kernels() {
        try {
            return Blas.LIBRARY.version() + ", " + VectorMath.lanes();
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof QuernException known) {
                throw known;
            }
            throw e;
        }
    }

    private static Primitives primitives(HostThreads threads) {
        HostAllocator allocator = new HostAllocator();
        VectorMemory memory = new VectorMemory(allocator, threads);
        return new Primitives(
                memory,
                new BlasLinearAlgebra(allocator, threads, memory),
                new VectorElementwise(threads),
                new VectorTransformer(allocator, threads),
                new VectorGradients(allocator, threads),
                new VectorRounding(allocator, threads));
    }
}
