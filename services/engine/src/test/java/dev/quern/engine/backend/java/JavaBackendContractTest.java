package dev.quern.engine.backend.java;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.GradientsContract;
import dev.quern.engine.backend.LinearAlgebraContract;
import dev.quern.engine.backend.MemoryContract;
import dev.quern.engine.backend.PanelContract;
import dev.quern.engine.backend.RefusalContract;
import dev.quern.engine.backend.ReproducibilityContract;
import dev.quern.engine.backend.RoundingContract;
import dev.quern.engine.backend.TransformerContract;
import org.junit.jupiter.api.Nested;

class JavaBackendContractTest {
    @Nested
    class Products extends LinearAlgebraContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }

        /** Sums are float64: only what the definition leaves out remains. */
        @Override
        protected double splitTolerance(int k) {
            return 0x1p-22;
        }
    }

    @Nested
    class Elements extends MemoryContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Decoder extends TransformerContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Backwards extends GradientsContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Panels extends PanelContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Grids extends RoundingContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Bits extends ReproducibilityContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class Arguments extends RefusalContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }
}
