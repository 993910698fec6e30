package dev.quern.engine.backend.trip;

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
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer;
import dev.quern.engine.backend.java.JavaBackend;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A device whose tensors no code of the host can read. It has all primitives but those that it lacks, which run through
 * a {@link RoundTrip}.
 */
final class OpaqueBackend implements ComputeBackend {
    private static final long CAPACITY = 1L << 30;

    private final JavaBackend device;
    private final JavaBackend host;
    private final Set<String> lacking;
    private final RoundTrip trips;
    private final OpaqueMemory memory;

    /**
     * @param lacking what this device cannot do
     * @param declared what may run on the host instead
     */
    OpaqueBackend(int threads, Set<String> lacking, Set<String> declared) {
        this.device = new JavaBackend(DType.F32, threads);
        this.host = new JavaBackend(DType.F32, threads);
        this.lacking = lacking;
        this.trips = new RoundTrip(host, declared);
        this.memory = new OpaqueMemory();
    }

    RoundTrip trips() {
        return trips;
    }

    private record OpaqueTensor(Tensor inner) implements Tensor {
        @Override
        public DType dtype() {
            return inner.dtype();
        }

        @Override
        public int rows() {
            return inner.rows();
        }

        @Override
        public int cols() {
            return inner.cols();
        }

        @Override
        public Tensor rows(int from, int to) {
            return new OpaqueTensor(inner.rows(from, to));
        }

        @Override
        public Tensor cols(int from, int to) {
            return new OpaqueTensor(inner.cols(from, to));
        }
    }

    private record OpaqueScope(Scope inner) implements Scope {
        @Override
        public Tensor allocate(DType dtype, int rows, int cols) {
            return new OpaqueTensor(inner.allocate(dtype, rows, cols));
        }

        @Override
        public Tensor reserve(DType dtype, int rows, int cols) {
            return new OpaqueTensor(inner.reserve(dtype, rows, cols));
        }

        @Override
        public Arena arena() {
            return inner.arena();
        }

        @Override
        public void close() {
            inner.close();
        }
    }

    private final class OpaqueMemory extends TripMemory {
        OpaqueMemory() {
            super(trips);
        }

        @Override
        public Scope scope() {
            return new OpaqueScope(device.memory().scope());
        }

        @Override
        public long liveBytes() {
            return device.memory().liveBytes() + host.memory().liveBytes();
        }

        @Override
        public OptionalLong capacity() {
            return OptionalLong.of(CAPACITY);
        }

        @Override
        public Tensor upload(Scope scope, MemorySegment source, DType dtype, int rows, int cols) {
            Tensor target = scope.allocate(dtype, rows, cols);
            Scope inner = ((OpaqueScope) scope).inner();
            copy(new OpaqueTensor(device.memory().upload(inner, source, dtype, rows, cols)), target);
            return target;
        }

        @Override
        public void download(Tensor source, MemorySegment target) {
            device.memory().download(inner(source), target);
        }

        @Override
        public void copy(Tensor source, Tensor target) {
            device.memory().copy(inner(source), inner(target));
        }
    }

    private static Tensor inner(Tensor tensor) {
        return ((OpaqueTensor) tensor).inner();
    }

    /** An operand as the device itself has it. */
    private static Object unwrapped(Object argument) {
        return switch (argument) {
            case OpaqueTensor tensor -> tensor.inner();
            case Rounding.Grid(Rounding.GridOptions options, Tensor scales, Tensor zeros) ->
                new Rounding.Grid(options, inner(scales), inner(zeros));
            case Rounding.Panel panel ->
                new Rounding.Panel(
                        inner(panel.w()),
                        inner(panel.original()),
                        inner(panel.unit()),
                        inner(panel.pivots()),
                        inner(panel.groups()),
                        panel.mask() == null ? null : inner(panel.mask()));
            case Rounding.Descent(Tensor mask, Tensor residual, Tensor direction, Tensor energies) ->
                new Rounding.Descent(inner(mask), inner(residual), inner(direction), inner(energies));
            case Gradients.Attention(Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale) ->
                new Gradients.Attention(inner(q), inner(k), inner(v), seqLen, heads, kvHeads, scale);
            default -> argument;
        };
    }

    /** Primitives of the device, and detours for those that it lacks. */
    private <T> T primitives(Class<T> type, T own, T detour) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
                    try {
                        return lacking.contains(method.getName())
                                ? method.invoke(detour, arguments)
                                : method.invoke(
                                        own,
                                        Arrays.stream(arguments)
                                                .map(OpaqueBackend::unwrapped)
                                                .toArray());
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                }));
    }

    @Override
    public String description() {
        return "opaque, " + trips;
    }

    @Override
    public DType workingType() {
        return device.workingType();
    }

    @Override
    public Precision precision(Precision.Use use) {
        return device.precision(use);
    }

    @Override
    public DType matrixType(DType stored) {
        return device.matrixType(stored);
    }

    @Override
    public Memory memory() {
        return memory;
    }

    @Override
    public LinearAlgebra linearAlgebra() {
        return primitives(LinearAlgebra.class, device.linearAlgebra(), new TripLinearAlgebra(trips, memory));
    }

    @Override
    public Elementwise elementwise() {
        return primitives(Elementwise.class, device.elementwise(), new TripElementwise(trips, memory));
    }

    @Override
    public Transformer transformer() {
        return primitives(Transformer.class, device.transformer(), new TripTransformer(trips, memory));
    }

    @Override
    public Gradients gradients() {
        return primitives(Gradients.class, device.gradients(), new TripGradients(trips, memory));
    }

    @Override
    public Rounding rounding() {
        return primitives(Rounding.class, device.rounding(), new TripRounding(trips, memory));
    }

    @Override
    public void interruptibly(Cancellation cancellation, Runnable work) {
        device.interruptibly(cancellation, work);
    }

    @Override
    public String numericProfile() {
        return NumericProfile.of(this, "opaque");
    }

    @Override
    public void close() {
        device.close();
        host.close();
    }
}
