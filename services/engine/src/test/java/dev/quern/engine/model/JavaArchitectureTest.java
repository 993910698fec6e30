package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;

class JavaArchitectureTest extends ArchitectureContract {
    @Override
    protected ComputeBackend backend(DType workingType) {
        return new JavaBackend(workingType, 1);
    }
}
