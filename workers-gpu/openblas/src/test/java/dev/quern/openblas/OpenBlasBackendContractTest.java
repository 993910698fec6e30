package dev.quern.openblas;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.GradientsContract;
import dev.quern.engine.backend.LinearAlgebraContract;
import dev.quern.engine.backend.MemoryContract;
import dev.quern.engine.backend.PanelContract;
import dev.quern.engine.backend.RefusalContract;
import dev.quern.engine.backend.ReproducibilityContract;
import dev.quern.engine.backend.RoundingContract;
import dev.quern.engine.backend.TransformerContract;
import org.junit.jupiter.api.Nested;

class OpenBlasBackendContractTest {
    @Nested
    class Products extends LinearAlgebraContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Elements extends MemoryContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Decoder extends TransformerContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Backwards extends GradientsContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Panels extends PanelContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Grids extends RoundingContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Bits extends ReproducibilityContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }

    @Nested
    class Arguments extends RefusalContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new OpenBlasBackend(threads);
        }
    }
}
