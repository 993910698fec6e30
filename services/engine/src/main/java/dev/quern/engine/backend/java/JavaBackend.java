package dev.quern.engine.backend.java;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.NumericProfile;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Transformer;
import dev.quern.engine.backend.check.Shapes;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostThreads;

/**
 * The specification. All arithmetic is float64, sums run in the order of their index, and a result is rounded once, to the dtype of
 * the tensor that it is stored in. The working type is therefore only what callers allocate: F64 for the oracle.
 */
public final class JavaBackend implements ComputeBackend {
    private final DType workingType;
    private final HostThreads threads;
    private final Memory memory;
    private final LinearAlgebra linearAlgebra;
    private final Elementwise elementwise;
    private final Transformer transformer;
    private final Rounding rounding;

    /**
     * @param workingType F32 or F64
     * @param threads how many tasks run at once; changes no bit
     */
    public JavaBackend(DType workingType, int threads) {
        Shapes.check(
                "workingType",
                workingType.bytes(),
                workingType == DType.F32 || workingType == DType.F64,
                "4 or 8 bytes");
        this.workingType = workingType;
        this.threads = new HostThreads("quern-java", threads);
        this.memory = new JavaMemory(new HostAllocator(), this.threads);
        this.linearAlgebra = new JavaLinearAlgebra(this.threads);
        this.elementwise = new JavaElementwise();
        this.transformer = new JavaTransformer(this.threads);
        this.rounding = new JavaRounding(this.threads);
    }

    @Override
    public String description() {
        return "java " + workingType + ", " + threads.count() + " threads";
    }

    @Override
    public DType workingType() {
        return workingType;
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
        return NumericProfile.of(this, "java " + workingType);
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
