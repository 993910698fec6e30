package dev.quern.openblas;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.method.CompressionContract;

class OpenBlasCompressionTest extends CompressionContract {
    @Override
    protected ComputeBackend open(int threads) {
        return new OpenBlasBackend(threads);
    }
}
