package dev.quern.engine.transform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.ModelFixture;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.assertj.core.api.Assertions;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Folding changes weights and not what a model computes: {@code W (g * x) = (W diag(g)) x}. */
class FoldedNormsTest {
    private static final double TOLERANCE = 1e-4;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);

    @AfterEach
    void close() {
        backend.close();
    }

    /** In float32, where rounding the products hides nothing. */
    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void theLogitsAreThoseOfTransformers(ModelFixture fixture) {
        try (ModelFixture.Model opened = fixture.open()) {
            Model original = new Model(opened.architecture(), new Float32(opened.checkpoint()));
            Model folded = Transforms.apply(new Transform.Fold(), original);

            assertThat(Float32.distance(Float32.logits(backend, folded, fixture), fixture.logits()))
                    .isLessThan(TOLERANCE);
        }
    }

    @ParameterizedTest
    @EnumSource(ModelFixture.class)
    void normsAreOneAndTheirReadersScaled(ModelFixture fixture) {
        try (ModelFixture.Model opened = fixture.open();
                Arena arena = Arena.ofConfined()) {
            Checkpoint checkpoint = opened.checkpoint();
            StoredTensors folded = Transforms.apply(new Transform.Fold(), new Model(opened.architecture(), checkpoint))
                    .tensors();
            String block = opened.architecture().blocks().getLast().prefix();
            double[] gain = row(checkpoint.tensor(block + "input_layernorm.weight"));
            double[] before = row(checkpoint.tensor(block + "self_attn.k_proj.weight"));

            assertThat(row(folded.tensor(block + "input_layernorm.weight", arena)))
                    .containsOnly(1);
            double[] after = row(folded.tensor(block + "self_attn.k_proj.weight", arena));
            for (int col = 0; col < gain.length; col++) {
                assertThat(after[col]).isCloseTo(before[col] * gain[col], within(before[col] * gain[col]));
            }
            assertThat(after).isNotEqualTo(before);
            String head = opened.architecture().head().norm();
            assertThat(row(folded.tensor(head, arena)))
                    .as("the last norm, with a head of its own or without")
                    .isEqualTo(opened.architecture().tied() ? row(checkpoint.tensor(head)) : ones(gain.length));
            assertThat(folded.tensorNames()).isEqualTo(checkpoint.tensorNames());
        }
    }

    /** Silent infinities would be a model that talks garbage. */
    @Test
    void aProductThatTheDtypeDoesNotHoldIsRefused() {
        try (ModelFixture.Model opened = ModelFixture.LLAMA_LLAMA3_ROPE_V4.open();
                Arena arena = Arena.ofConfined()) {
            Model loud = new Model(opened.architecture(), new Loud(opened.checkpoint()));
            StoredTensors folded = Transforms.apply(new Transform.Fold(), loud).tensors();

            assertThatThrownBy(() -> folded.tensor("model.layers.0.self_attn.k_proj.weight", arena))
                    .isInstanceOfSatisfying(
                            QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE))
                    .hasMessageContaining("transform.type: fold: model.layers.0.self_attn.k_proj.weight: ")
                    .hasMessageContaining("(expected: a value that F16 holds;");
        }
    }

    private static Offset<Double> within(double value) {
        return Assertions.within(Math.abs(value) / 128 + 1e-6);
    }

    private static double[] ones(int size) {
        double[] ones = new double[size];
        Arrays.fill(ones, 1);
        return ones;
    }

    private static double[] row(StoredTensor tensor) {
        return HostTensor.over(tensor.data(), tensor.type().dtype(), tensor.rows(), tensor.cols())
                .row(0);
    }

    /** Norms of 10^9, in float32. */
    private static final class Loud extends DerivedTensors {
        Loud(StoredTensors original) {
            super(original);
        }

        @Override
        public StoredTensor tensor(String name, Arena arena) {
            StoredTensor stored = original.tensor(name, arena);
            if (!name.endsWith("layernorm.weight")) {
                return stored;
            }
            float[] values = new float[stored.cols()];
            Arrays.fill(values, 1e9f);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
            return new StoredTensor(name, StoredType.F32, stored.shape(), memory);
        }
    }
}
