package dev.quern.engine.compress;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import org.junit.jupiter.api.Nested;

class JavaCompressionTest {
    @Nested
    class InFloat32 extends CompressionContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F32, threads);
        }
    }

    @Nested
    class InFloat64 extends CompressionContract {
        @Override
        protected ComputeBackend open(int threads) {
            return new JavaBackend(DType.F64, threads);
        }
    }
}
