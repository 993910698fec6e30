package dev.quern.openblas;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.NumericProfile;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Transformer;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.recipes.QuernException;

/** The CPU in float32: OpenBLAS for products and factorisations, vector code for the rest. */
public final class OpenBlasBackend implements ComputeBackend {
    private final HostAllocator allocator = new HostAllocator();
    private final HostThreads threads;
    private final VectorMemory memory;
    private final LinearAlgebra linearAlgebra;
    private final Elementwise elementwise;
    private final Transformer transformer;
    private final Rounding rounding;

    /**
     * @param threads how many tasks run at once; changes no bit
     * @throws dev.quern.recipes.QuernException when OpenBLAS cannot be loaded
     */
    public OpenBlasBackend(int threads) {
        requireLibrary();
        this.threads = new HostThreads("quern-openblas", threads);
        this.memory = new VectorMemory(allocator, this.threads);
        this.linearAlgebra = new BlasLinearAlgebra(allocator, this.threads, memory);
        this.elementwise = new VectorElementwise(this.threads);
        this.transformer = new VectorTransformer(allocator, this.threads);
        this.rounding = new VectorRounding(this.threads);
    }

    /** The class of its functions loads it when it is first used. */
    private static void requireLibrary() {
        try {
            Blas.LIBRARY.version();
        } catch (ExceptionInInitializerError e) {
            if (e.getCause() instanceof QuernException known) {
                throw known;
            }
            throw e;
        }
    }

    /** For example {@code OpenBLAS 0.3.31 (SkylakeX), 512-bit vectors, 2 threads}. */
    @Override
    public String description() {
        return kernels() + ", " + threads.count() + " threads";
    }

    private static String kernels() {
        return Blas.LIBRARY.version() + ", " + VectorMath.lanes();
    }

    @Override
    public DType workingType() {
        return DType.F32;
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public LinearAlgebra linearAlgebra() {
        return linearAlgebra;
    }

    @Override
    public Elementwise elementwise() {
        return elementwise;
    }

    @Override
    public Transformer transformer() {
        return transformer;
    }

    @Override
    public Rounding rounding() {
        return rounding;
    }

    @Override
    public void interruptibly(Cancellation cancellation, Runnable work) {
        threads.interruptibly(cancellation, work);
    }

    @Override
    public String numericProfile() {
        return NumericProfile.of(this, kernels());
    }

    /** Bytes of all tensors whose scope is open. */
    public long liveBytes() {
        return memory.liveBytes();
    }

    @Override
    public void close() {
        threads.close();
    }
}
