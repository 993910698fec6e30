package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.GradientsContract;
import dev.quern.engine.backend.LinearAlgebraContract;
import dev.quern.engine.backend.MemoryContract;
import dev.quern.engine.backend.PanelContract;
import dev.quern.engine.backend.RefusalContract;
import dev.quern.engine.backend.RoundingContract;
import dev.quern.engine.backend.TransformerContract;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;

/** A device that has no primitive of its own but copies passes every contract through its round trips. */
class RoundTripContractTest {
    /** All detours. */
    private static final Set<String> ALL = Stream.of(
                    TripMemory.class,
                    TripLinearAlgebra.class,
                    TripElementwise.class,
                    TripTransformer.class,
                    TripGradients.class,
                    TripRounding.class)
            .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
            .map(Method::getName)
            .collect(Collectors.toSet());

    private static ComputeBackend opaque(int threads) {
        return new OpaqueBackend(threads, ALL, ALL);
    }

    @Nested
    class Products extends LinearAlgebraContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }

        /** The host's sums are float64. */
        @Override
        protected double splitTolerance(int k) {
            return 0x1p-22;
        }
    }

    @Nested
    class Elements extends MemoryContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }

    @Nested
    class Decoder extends TransformerContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }

    @Nested
    class Backwards extends GradientsContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }

    @Nested
    class Panels extends PanelContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }

    @Nested
    class Grids extends RoundingContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }

    @Nested
    class Arguments extends RefusalContract {
        @Override
        protected ComputeBackend open(int threads) {
            return opaque(threads);
        }
    }
}
