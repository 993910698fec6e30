package dev.quern.engine.backend.host;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Elementwise;
import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.LinearAlgebra;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.NumericProfile;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Rounding;
import dev.quern.engine.backend.Transformer;

/** A backend that computes on the CPU: threads of its own, and primitives that work on host memory with them. */
public abstract class HostBackend implements ComputeBackend {
    private final String name;
    private final DType workingType;
    private final HostThreads threads;
    private final Primitives primitives;

    /** The primitives of a backend. */
    public record Primitives(
            Memory memory,
            LinearAlgebra linearAlgebra,
            Elementwise elementwise,
            Transformer transformer,
            Gradients gradients,
            Rounding rounding) {}

    /**
     * @param name what computes, with its version: another name is another numeric profile
     * @param threads are closed with the backend
     */
    protected HostBackend(String name, DType workingType, HostThreads threads, Primitives primitives) {
        this.name = name;
        this.workingType = workingType;
        this.threads = threads;
        this.primitives = primitives;
    }

    @Override
    public final String description() {
        return name + ", " + threads.count() + " threads";
    }

    @Override
    public final DType workingType() {
        return workingType;
    }

    /** The CPU is as fast in its working type as in any other. */
    @Override
    public final Precision precision(Precision.Use use) {
        return workingType == DType.F64 ? Precision.F64 : Precision.F32;
    }

    /** Host libraries multiply in the working type: another one would be cast again for every tile. */
    @Override
    public DType matrixType(DType stored) {
        return workingType;
    }

    @Override
    public final Memory memory() {
        return primitives.memory();
    }

    @Override
    public final LinearAlgebra linearAlgebra() {
        return primitives.linearAlgebra();
    }

    @Override
    public final Elementwise elementwise() {
        return primitives.elementwise();
    }

    @Override
    public final Transformer transformer() {
        return primitives.transformer();
    }

    @Override
    public final Gradients gradients() {
        return primitives.gradients();
    }

    @Override
    public final Rounding rounding() {
        return primitives.rounding();
    }

    @Override
    public final void interruptibly(Cancellation cancellation, Runnable work) {
        threads.interruptibly(cancellation, work);
    }

    @Override
    public final String numericProfile() {
        return NumericProfile.of(this, name);
    }

    @Override
    public final void close() {
        threads.close();
    }
}
