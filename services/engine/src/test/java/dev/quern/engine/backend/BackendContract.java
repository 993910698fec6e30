package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.host.HostTensor;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A backend beside the specification. A subclass says how to start the backend; nothing may leak from a test. */
public abstract class BackendContract {
    /** Around vectors, tiles and blocks. */
    static final int[] SIZES = {1, 3, 7, 8, 13, 127, 129, 257};

    ComputeBackend backend;
    Parity parity;

    protected abstract ComputeBackend open(int threads);

    @BeforeEach
    void start() {
        backend = open(2);
        parity = new Parity(backend);
    }

    @AfterEach
    void everythingIsFreed() {
        parity.close();
        assertThat(backend.memory().liveBytes()).as("bytes not freed").isZero();
        backend.close();
    }

    /** The elements of a host matrix, row by row. */
    static DoubleSupplier elements(Tensor matrix) {
        int[] next = {0};
        return () -> {
            int i = next[0]++;
            return HostTensor.of(matrix).get(i / matrix.cols(), i % matrix.cols());
        };
    }
}
