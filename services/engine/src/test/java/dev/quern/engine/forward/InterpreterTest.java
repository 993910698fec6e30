package dev.quern.engine.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.ModelFixture;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class InterpreterTest {
    private static final int SEQ_LEN = 5;
    private static final int TOKENS = 2 * SEQ_LEN;

    private final JavaBackend backend = new JavaBackend(DType.F32, 1);
    private final ModelFixture.Model model = ModelFixture.QWEN3.open();
    private final Architecture architecture = model.architecture();

    @AfterEach
    void nothingIsLeft() {
        model.close();
        assertThat(backend.memory().liveBytes()).as("bytes of open scopes").isZero();
        backend.close();
    }

    @Test
    void recordsTheInputOfEveryUnitOnce() {
        assertThat(inputs(true))
                .containsExactly("attention_input 10 x 32", "mixed 10 x 64", "mlp_input 10 x 32", "gated 10 x 48");
    }

    /** Statistics of the last linear need its input, not its output. */
    @Test
    void recordingAloneSeesTheSame() {
        assertThat(inputs(false)).isEqualTo(inputs(true));
    }

    @Test
    void theTargetMayBeTheHiddenStates() {
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = interpreter();
                BlockWeights weights = weights()) {
            Tensor hidden = hidden(scope);
            Tensor apart = scope.allocate(DType.F32, TOKENS, architecture.hidden());
            interpreter.run(weights, hidden, apart, LinearInputs.NONE);
            assertThat(values(hidden)).as("the input stays").isEqualTo(values(hidden(scope)));

            interpreter.run(weights, hidden, hidden, LinearInputs.NONE);
            assertThat(values(hidden)).isEqualTo(values(apart));
        }
    }

    /** What is alive at once is the residual, gate, up and the input of a linear: not one value per step. */
    @Test
    void valuesAreFreedWhenNoStepReadsThem() {
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = interpreter();
                BlockWeights weights = weights()) {
            Tensor hidden = hidden(scope);
            interpreter.run(weights, hidden, hidden, LinearInputs.NONE);
            long before = backend.memory().liveBytes();
            List<Long> peaks = new ArrayList<>();
            interpreter.run(
                    weights,
                    hidden,
                    hidden,
                    (unit, input) -> peaks.add(backend.memory().liveBytes() - before));

            long row = (long) TOKENS * Float.BYTES;
            assertThat(peaks).containsExactly(row * 32, row * 64, row * (32 + 32), row * (32 + 48));
        }
    }

    @Test
    void aReplacedLinearIsUsedInTheOriginalsPlace() {
        LinearSpec down = architecture.linears().getLast();
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = interpreter();
                BlockWeights weights = weights()) {
            Tensor hidden = hidden(scope);
            weights.replace(down, zeros -> zeros.allocate(DType.F32, down.rows(), down.cols()));
            Tensor withoutMlp = scope.allocate(DType.F32, TOKENS, architecture.hidden());
            interpreter.run(weights, hidden, withoutMlp, LinearInputs.NONE);
            weights.release(down.weight());
            interpreter.run(weights, hidden, hidden, LinearInputs.NONE);
            assertThat(values(withoutMlp)).isNotEqualTo(values(hidden));

            assertThatThrownBy(() -> weights.replace(down, wrong -> wrong.allocate(DType.F32, 1, down.cols())))
                    .hasMessage("mlp.down_proj: [1, 48] (expected: [32, 48])");
        }
    }

    @Test
    void stopsBetweenStepsOnRequest() {
        List<String> seen = new ArrayList<>();
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = interpreter(() -> seen.size() == 2);
                BlockWeights weights = weights()) {
            Tensor hidden = hidden(scope);

            assertThatThrownBy(() -> interpreter.run(weights, hidden, hidden, (unit, input) -> seen.add(unit.input())))
                    .isInstanceOf(Cancellation.CancelledException.class);
            assertThat(seen).containsExactly("attention_input", "mixed");
        }
    }

    private List<String> inputs(boolean whole) {
        List<String> seen = new ArrayList<>();
        LinearInputs recorder = (unit, input) -> seen.add(unit.input() + " " + input.rows() + " x " + input.cols());
        try (Scope scope = backend.memory().scope();
                Interpreter interpreter = interpreter();
                BlockWeights weights = weights()) {
            Tensor hidden = hidden(scope);
            if (whole) {
                interpreter.run(weights, hidden, hidden, recorder);
            } else {
                interpreter.record(weights, hidden, recorder);
            }
        }
        return seen;
    }

    private Interpreter interpreter() {
        return interpreter(Cancellation.NEVER);
    }

    private Interpreter interpreter(Cancellation cancellation) {
        return new Interpreter(backend, SEQ_LEN, cancellation);
    }

    private BlockWeights weights() {
        return new BlockWeights(
                backend, model.source(backend), architecture.blocks().getFirst());
    }

    private Tensor hidden(Scope scope) {
        SplittableRandom random = new SplittableRandom(1);
        float[] values = new float[TOKENS * architecture.hidden()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        Tensor hidden = scope.allocate(DType.F32, TOKENS, architecture.hidden());
        MemorySegment host = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, values);
        backend.memory().copy(backend.memory().upload(scope, host, DType.F32, TOKENS, architecture.hidden()), hidden);
        return hidden;
    }

    private float[] values(Tensor tensor) {
        MemorySegment host = Arena.ofAuto().allocate(ValueLayout.JAVA_FLOAT, (long) tensor.rows() * tensor.cols());
        backend.memory().download(tensor, host);
        return host.toArray(ValueLayout.JAVA_FLOAT);
    }
}
