package dev.quern.openblas;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.model.ArchitectureContract;

class OpenBlasArchitectureTest extends ArchitectureContract {
    @Override
    protected ComputeBackend backend() {
        return new OpenBlasBackend(2);
    }
}
