package dev.quern.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.Forward;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every family on a backend against the float32 logits of transformers. A backend's module extends this. */
public abstract class ArchitectureContract {
    /** max|Δ| / max|logit|. */
    private static final double TOLERANCE = 1e-4;

    /** A new backend; closed by the test. */
    protected abstract ComputeBackend backend();

    protected double tolerance() {
        return TOLERANCE;
    }

    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void logitsEqualTransformers(ModelFixture fixture) {
        assertThat(distance(fixture)).isLessThan(tolerance());
    }

    private double distance(ModelFixture fixture) {
        try (ComputeBackend backend = backend();
                ModelFixture.Model model = fixture.open();
                Scope scope = backend.memory().scope()) {
            int[] tokens = fixture.tokens();
            Tensor ids = upload(backend, scope, tokens);
            Tensor logits = scope.allocate(
                    backend.workingType(), tokens.length, model.architecture().vocabulary());
            new Forward(backend, model.architecture(), model.source(backend)).logits(ids, fixture.seqLen(), logits);
            return distance(values(backend, logits), fixture.logits());
        }
    }

    private static Tensor upload(ComputeBackend backend, Scope scope, int[] tokens) {
        MemorySegment host = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, tokens);
        return backend.memory().upload(scope, host, DType.I32, 1, tokens.length);
    }

    private static double[] values(ComputeBackend backend, Tensor tensor) {
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            Tensor wide = scope.allocate(DType.F64, tensor.rows(), tensor.cols());
            backend.memory().copy(tensor, wide);
            MemorySegment host = arena.allocate(ValueLayout.JAVA_DOUBLE, (long) tensor.rows() * tensor.cols());
            backend.memory().download(wide, host);
            return host.toArray(ValueLayout.JAVA_DOUBLE);
        }
    }

    private static double distance(double[] actual, float[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference / largest;
    }
}
