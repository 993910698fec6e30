package dev.quern.engine.transform;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.forward.Forward;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.ModelFixture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The same tensors, stored in float32, where rounding what a transform makes hides nothing. */
final class Float32 extends DerivedTensors {
    Float32(StoredTensors original) {
        super(original);
    }

    @Override
    public StoredTensor tensor(String name, Arena arena) {
        StoredTensor stored = original.tensor(name, arena);
        HostTensor from = HostTensor.over(stored.data(), stored.type().dtype(), stored.rows(), stored.cols());
        MemorySegment memory = arena.allocate((long) from.rows() * from.cols() * Float.BYTES);
        HostTensor to = HostTensor.over(memory, DType.F32, from.rows(), from.cols());
        for (int row = 0; row < from.rows(); row++) {
            to.setRow(row, from.row(row));
        }
        return new StoredTensor(name, StoredType.F32, stored.shape(), memory);
    }

    /** What a model says to the windows of a fixture. */
    static double[] logits(ComputeBackend backend, Model model, ModelFixture fixture) {
        int[] tokens = fixture.tokens();
        Architecture architecture = model.architecture();
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_INT, tokens);
            Tensor ids = backend.memory().upload(scope, host, DType.I32, 1, tokens.length);
            Tensor logits = scope.allocate(DType.F32, tokens.length, architecture.vocabulary());
            new Forward(backend, architecture, model.weights(backend)).logits(ids, fixture.seqLen(), logits);
            double[] values = new double[tokens.length * architecture.vocabulary()];
            for (int row = 0; row < tokens.length; row++) {
                double[] part = HostTensor.of(logits).row(row);
                System.arraycopy(part, 0, values, row * part.length, part.length);
            }
            return values;
        }
    }

    /** The largest difference over the largest value. */
    static double distance(double[] actual, float[] expected) {
        double difference = 0;
        double largest = 0;
        for (int i = 0; i < actual.length; i++) {
            difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
            largest = Math.max(largest, Math.abs(expected[i]));
        }
        return difference / largest;
    }
}
