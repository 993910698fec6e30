package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import org.junit.jupiter.api.Nested;

class JavaArchitectureTest {
    @Nested
    class InFloat32 extends ArchitectureContract {
        @Override
        protected ComputeBackend backend() {
            return new JavaBackend(DType.F32, 1);
        }
    }

    /** What is left is the rounding of the reference, which is float32. */
    @Nested
    class InFloat64 extends ArchitectureContract {
        @Override
        protected ComputeBackend backend() {
            return new JavaBackend(DType.F64, 1);
        }

        @Override
        protected double tolerance() {
            return 1e-5;
        }
    }
}
