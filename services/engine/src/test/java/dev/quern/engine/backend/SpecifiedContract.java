package dev.quern.engine.backend;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.provider.Arguments;

/** A contract that compares a backend with the specification in the same working type, on views between guards. */
abstract class SpecifiedContract extends BackendContract {
    JavaBackend specification;
    Scope plain;

    @BeforeEach
    void openSpecification() {
        specification = new JavaBackend(backend.workingType(), 1);
        plain = specification.memory().scope();
    }

    @AfterEach
    void closeSpecification() {
        plain.close();
        specification.close();
    }

    /** rows, columns, group size, bits, symmetric. */
    static Stream<Arguments> grids() {
        return Stream.of(
                Arguments.of(1, 1, 1, 4, true),
                Arguments.of(3, 7, 7, 2, false),
                Arguments.of(65, 24, 8, 3, true),
                Arguments.of(13, 257, 257, 8, false),
                Arguments.of(129, 130, 26, 4, true),
                Arguments.of(200, 128, 128, 4, false),
                Arguments.of(64, 127, 127, 5, true),
                Arguments.of(2, 129, 43, 8, true));
    }

    Both weights(int rows, int cols) {
        // Some columns are large, so that a search has something to clip.
        return parity.filled(
                backend.workingType(),
                rows,
                cols,
                () -> parity.random.nextGaussian() * (parity.random.nextInt(16) == 0 ? 4 : 1));
    }

    HostTensor host(Both both) {
        return HostTensor.over(parity.download(both.subject()), both.subject().dtype(), both.rows(), both.cols());
    }

    Tensor bytes(Both both) {
        Tensor copy = plain.allocate(DType.U8, both.rows(), both.cols());
        specification.memory().copy(host(both), copy);
        return copy;
    }

    void verifyClose(String what, Both both, Tensor expected) {
        copyToOracle(both, rows(expected));
        parity.verify(what, both, 1e-5, 1e-5);
    }

    Tensor working(Both both) {
        Tensor copy = plain.allocate(backend.workingType(), both.rows(), both.cols());
        specification.memory().copy(both.oracle(), copy);
        return copy;
    }

    void verifySame(String what, Both both, Tensor expected) {
        copyToOracle(both, rows(expected));
        parity.verify(what, both, 0, 0);
    }

    static void copyToOracle(Both both, double[][] values) {
        for (int r = 0; r < values.length; r++) {
            HostTensor.of(both.oracle()).setRow(r, values[r]);
        }
    }

    static double[][] rows(Tensor tensor) {
        double[][] rows = new double[tensor.rows()][];
        Arrays.setAll(rows, HostTensor.of(tensor)::row);
        return rows;
    }
}
