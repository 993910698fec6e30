package dev.quern.engine.backend.trip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A device without Cholesky, rotation and sorting, which may do the first two on the host. */
class RoundTripTest {
    private static final int N = 5;
    private static final long SQUARE = 8L * N * N;

    private final OpaqueBackend backend =
            new OpaqueBackend(2, Set.of("factorUpper", "rope", "argsortDescending"), Set.of("factorUpper", "rope"));
    private final Scope scope = backend.memory().scope();

    @AfterEach
    void nothingLeaks() {
        scope.close();
        assertThat(backend.memory().liveBytes()).isZero();
        backend.close();
    }

    @Test
    void countsTimesAndBytesOfEachPrimitive() {
        Tensor h = identity();

        assertThat(backend.linearAlgebra().factorUpper(h)).isTrue();
        assertThat(backend.linearAlgebra().factorUpper(h)).isTrue();

        assertThat(backend.trips().counts()).containsOnlyKeys("factorUpper", "rope");
        RoundTrip.Count factor = backend.trips().counts().get("factorUpper");
        assertThat(factor.trips()).isEqualTo(2);
        assertThat(factor.bytes()).as("there and back, twice").isEqualTo(4 * SQUARE);
        assertThat(factor.seconds()).isBetween(1e-9, 60.0);
        assertThat(backend.trips().counts().get("rope")).isEqualTo(new RoundTrip.Count(0, 0, 0));
        assertThat(backend.description()).isEqualTo("opaque, factorUpper, rope on java F32, 2 threads");
    }

    @Test
    void whatTheDeviceHasTakesNoTrip() {
        Tensor h = identity();
        backend.elementwise().addDiagonal(1, h);

        assertThat(backend.elementwise().mean(h)).isEqualTo(2.0 / N);
        assertThat(backend.trips().counts().values()).containsOnly(new RoundTrip.Count(0, 0, 0));
    }

    @Test
    void aTripThatWasNotDeclaredIsADefectThatNamesThePrimitive() {
        Tensor values = scope.allocate(DType.F64, 1, N);
        Tensor order = scope.allocate(DType.I32, 1, N);

        assertThatThrownBy(() -> backend.memory().argsortDescending(values, order))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL))
                .hasMessage("argsortDescending: not a primitive of the device (expected: one that it has, or a declared"
                        + " round trip: factorUpper, rope)");
    }

    /** Else the detours would prove nothing. */
    @Test
    void noCodeOfTheHostReadsTheTensorsOfTheDevice() {
        Tensor h = identity();
        assertThatThrownBy(() -> HostTensor.of(h)).hasMessageContaining("(expected: host memory)");
        try (JavaBackend plain = new JavaBackend(DType.F32, 1)) {
            assertThatThrownBy(() -> plain.linearAlgebra().factorUpper(h))
                    .hasMessageContaining("(expected: host memory)");
        }
    }

    /** A target that is read as well comes along; nothing comes back from a call that was refused. */
    @Test
    void aRefusedCallChangesNothing() {
        Tensor x = scope.allocate(DType.F32, 1, 4);
        backend.elementwise().addRow(ones(4), x);

        assertThatThrownBy(() -> backend.transformer().rope(x, 1, 4, ones(3), ones(3)))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(backend.elementwise().mean(x)).isEqualTo(1);
        assertThat(backend.trips().counts().get("rope").trips()).isZero();
    }

    private Tensor identity() {
        Tensor h = scope.allocate(DType.F64, N, N);
        backend.elementwise().addDiagonal(1, h);
        return h;
    }

    private Tensor ones(int n) {
        float[] values = new float[n];
        Arrays.fill(values, 1);
        return backend.memory().upload(scope, MemorySegment.ofArray(values), DType.F32, 1, n);
    }
}
