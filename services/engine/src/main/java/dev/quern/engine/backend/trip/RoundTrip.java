package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostBackend;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Runs the primitives that a device lacks on a backend of the host: operands are copied to the host, and results back
 * to the device. A backend declares which primitives take this way; any other is refused, so that none does it
 * unnoticed. {@link TripMemory} and its siblings have a detour for every primitive. A device overrides those that it
 * has.
 */
public final class RoundTrip {
    private final HostBackend host;
    private final Set<String> declared;
    private final Map<String, Count> counts = new ConcurrentHashMap<>();

    /**
     * @param host computes; the caller closes it
     * @param declared the names of the primitives that may take this way, as in {@code factorUpper}
     */
    public RoundTrip(HostBackend host, Set<String> declared) {
        this.host = host;
        this.declared = new TreeSet<>(declared);
        declared.forEach(primitive -> counts.put(primitive, new Count(0, 0, 0)));
    }

    /**
     * The detours of a primitive so far.
     *
     * @param seconds with the transfers
     * @param bytes that were copied, in both directions
     */
    public record Count(long trips, double seconds, long bytes) {
        private Count plus(Count other) {
            return new Count(trips + other.trips, seconds + other.seconds, bytes + other.bytes);
        }
    }

    /** What each declared primitive has cost so far, by its name; any thread may ask. */
    public Map<String, Count> counts() {
        return new TreeMap<>(counts);
    }

    HostBackend host() {
        return host;
    }

    /**
     * Runs one primitive on the host. Results are copied back unless it throws.
     *
     * @param device whose tensors the trip takes
     * @throws QuernException INTERNAL when the primitive is not declared
     */
    <T> T run(String primitive, Memory device, Function<Trip, T> work) {
        if (!declared.contains(primitive)) {
            throw new QuernException(
                    ErrorCode.INTERNAL,
                    primitive + ": not a primitive of the device (expected: one that it has, or a declared round trip: "
                            + String.join(", ", declared) + ")");
        }
        long start = System.nanoTime();
        try (Scope scope = host.memory().scope()) {
            Trip trip = new Trip(device, scope);
            T result = work.apply(trip);
            trip.home();
            counts.merge(primitive, new Count(1, (System.nanoTime() - start) / 1e9, trip.bytes), Count::plus);
            return result;
        }
    }

    /** As {@link #run}, for a primitive without a value. */
    void perform(String primitive, Memory device, Consumer<Trip> work) {
        run(primitive, device, trip -> {
            work.accept(trip);
            return true;
        });
    }

    /** For logs: which primitives run where. */
    @Override
    public String toString() {
        return String.join(", ", declared) + " on " + host.description();
    }

    /** The operands and results of one call. */
    static final class Trip {
        private final Memory device;
        private final Scope scope;
        private final List<Result> results = new ArrayList<>();
        private long bytes;

        private Trip(Memory device, Scope scope) {
            this.device = device;
            this.scope = scope;
        }

        private record Result(HostTensor made, Tensor target) {}

        /** An operand on the host. */
        HostTensor in(Tensor operand) {
            HostTensor copy = like(operand);
            device.download(operand, copy.memory());
            bytes += bytes(copy);
            return copy;
        }

        /** A target on the host, whose elements are all written. */
        Tensor out(Tensor target) {
            HostTensor made = like(target);
            results.add(new Result(made, target));
            return made;
        }

        /** A target on the host that is read, too, or written in part. */
        Tensor inOut(Tensor target) {
            HostTensor made = in(target);
            results.add(new Result(made, target));
            return made;
        }

        private HostTensor like(Tensor tensor) {
            return HostTensor.of(scope.allocate(tensor.dtype(), tensor.rows(), tensor.cols()));
        }

        private void home() {
            try (Scope uploads = device.scope()) {
                for (Result result : results) {
                    HostTensor made = result.made;
                    bytes += bytes(made);
                    Tensor uploaded = device.upload(uploads, made.memory(), made.dtype(), made.rows(), made.cols());
                    device.copy(uploaded, result.target);
                }
            }
        }

        private static long bytes(Tensor tensor) {
            return (long) tensor.rows() * tensor.cols() * tensor.dtype().bytes();
        }
    }
}
