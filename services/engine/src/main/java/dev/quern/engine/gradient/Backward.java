package dev.quern.engine.gradient;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.HadamardTables;
import dev.quern.engine.forward.Held;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.RopeTables;
import dev.quern.engine.forward.Tape;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Op;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Runs blocks backwards over tiles of whole windows: from the gradient by what leaves a block to the gradient by what
 * enters it. The values inside are computed again, so a tile needs the memory of one block. No gradient by a weight is
 * made; a recorder may make it. Confined to its backend's thread.
 */
public final class Backward implements AutoCloseable {
    private final ComputeBackend backend;
    private final int seqLen;
    private final Cancellation cancellation;
    private final Precision precision;
    private final Interpreter interpreter;

    /**
     * @param seqLen tokens of a window
     * @param cancellation is asked before every step and between the parts of one; what a stopped run made is freed
     */
    public Backward(ComputeBackend backend, int seqLen, Cancellation cancellation) {
        this.backend = backend;
        this.seqLen = seqLen;
        this.cancellation = cancellation;
        this.precision = backend.precision(Precision.Use.FORWARD);
        this.interpreter = new Interpreter(backend, seqLen, cancellation);
    }

    /**
     * Bytes that a pass through a block holds at most, for plans: all values, and the gradients by them.
     *
     * @param working the backend's type
     */
    public static long bytes(BlockProgram program, int hidden, int tokens, DType working) {
        long columns = program.widths(hidden).values().stream()
                .mapToLong(Integer::longValue)
                .sum();
        return 2 * columns * tokens * working.bytes();
    }

    /**
     * Runs the block that the weights belong to, forward as far as needed and then back.
     *
     * @param hidden what enters the block, [windows * seqLen, hidden] in the working dtype
     * @param gradient by what leaves it, shaped as hidden
     * @param target the gradient by hidden, shaped as it, out; may be gradient itself
     * @param recorder sees the linears, the last one first
     */
    public void run(BlockWeights weights, Tensor hidden, Tensor gradient, Tensor target, LinearGradients recorder) {
        try (Tape tape = interpreter.tape(weights, hidden)) {
            back(tape, gradient, target, recorder);
        }
    }

    /**
     * Runs a block back whose values are on a tape; the tape holds none of them afterwards.
     *
     * @param gradient as for {@link #run}, and target and recorder likewise
     */
    public void back(Tape tape, Tensor gradient, Tensor target, LinearGradients recorder) {
        BlockProgram program = tape.weights().block().program();
        try (Pass pass = new Pass(tape, recorder)) {
            pass.add(BlockProgram.OUTPUT, gradient);
            for (Op op : program.ops().reversed()) {
                cancellation.check();
                backend.interruptibly(cancellation, () -> pass.step(op));
                tape.free(op.output());
            }
            backend.memory().copy(pass.gradient(BlockProgram.INPUT), target);
        }
    }

    @Override
    public void close() {
        interpreter.close();
    }

    /** One pass back through a program: the gradients by values that are not complete yet, or not yet used. */
    private final class Pass implements AutoCloseable {
        private final Tape tape;
        private final LinearGradients recorder;
        private final Map<String, Held> gradients = new HashMap<>();

        Pass(Tape tape, LinearGradients recorder) {
            this.tape = tape;
            this.recorder = recorder;
        }

        Tensor gradient(String value) {
            return Objects.requireNonNull(gradients.get(value), value).tensor();
        }

        /** Adds to the gradient by a value what comes from one of the steps that read it. */
        void add(String value, Tensor addend) {
            Held present = gradients.get(value);
            if (present == null) {
                Held first = Held.reserve(backend, addend.rows(), addend.cols());
                gradients.put(value, first);
                backend.memory().copy(addend, first.tensor());
            } else {
                backend.elementwise().add(present.tensor(), addend, present.tensor());
            }
        }

        /**
         * Memory for what comes from a step that reads a value: that of the gradient by it where the step is the first
         * to reach it, and else memory for the time of the step.
         */
        private Tensor place(String value, Scope scope) {
            Tensor like = tape.value(value);
            if (gradients.containsKey(value)) {
                return scope.reserve(backend.workingType(), like.rows(), like.cols());
            }
            Held first = Held.reserve(backend, like.rows(), like.cols());
            gradients.put(value, first);
            return first.tensor();
        }

        /** Adds what was computed in its place to the gradient by a value. */
        @SuppressWarnings("ReferenceEquality") // the same object is the same memory
        private void settle(String value, Tensor placed) {
            Tensor sum = gradient(value);
            if (sum != placed) {
                backend.elementwise().add(sum, placed, sum);
            }
        }

        /** From the gradient by what the step defines to those by what it reads; nothing where no step reads that. */
        void step(Op op) {
            if (!gradients.containsKey(op.output())) {
                return;
            }
            try (Scope scope = backend.memory().scope()) {
                back(op, gradient(op.output()), scope);
            }
            Objects.requireNonNull(gradients.remove(op.output())).close();
        }

        private void back(Op op, Tensor g, Scope scope) {
            switch (op) {
                case Op.RmsNorm norm -> norm(norm.input(), norm.weight(), norm.eps(), g, scope);
                case Op.HeadNorm norm -> norm(norm.input(), norm.weight(), norm.eps(), g, scope);
                case Op.Linear linear -> linear(linear, g);
                case Op.Rope rope -> rope(rope, g);
                case Op.Attention attention -> attention(attention, g, scope);
                // Straight through: the steps of a grid have no slope that would say anything.
                case Op.FakeQuantize rounding -> add(rounding.input(), g);
                case Op.Turn turn -> turn(turn, g);
                case Op.Gate gate -> gate(gate, g, scope);
                case Op.Add sum -> {
                    add(sum.a(), g);
                    add(sum.b(), g);
                }
            }
        }

        private void norm(String input, String weight, double eps, Tensor g, Scope scope) {
            Tensor dx = place(input, scope);
            backend.gradients().rmsNormVjp(tape.value(input), tape.weights().vector(weight), eps, g, dx);
            settle(input, dx);
        }

        /** A bias moves no gradient by the input. */
        private void linear(Op.Linear linear, Tensor g) {
            LinearSpec spec = linear.spec();
            if (linear.compressible()) {
                recorder.record(spec, tape.value(spec.input()), g);
            }
            Held present = gradients.get(spec.input());
            Held sum = present == null ? Held.reserve(backend, g.rows(), spec.cols()) : present;
            gradients.put(spec.input(), sum);
            Tensor matrix = tape.weights().matrix(spec);
            backend.linearAlgebra().gemm(precision, 1, g, false, matrix, false, present == null ? 0 : 1, sum.tensor());
        }

        /** In place: the gradient by what the step defines is needed no more. */
        private void rope(Op.Rope rope, Tensor g) {
            RopeTables back = interpreter.tables(tape.weights().block().rope().inverse());
            backend.transformer().rope(g, seqLen, rope.headDim(), back.cos(), back.sin());
            add(rope.input(), g);
        }

        /** In place, as {@link #rope}. */
        private void turn(Op.Turn turn, Tensor g) {
            try (HadamardTables matrix = HadamardTables.of(backend, turn.matrix())) {
                matrix.turnBack(g);
            }
            add(turn.input(), g);
        }

        private void attention(Op.Attention attention, Tensor g, Scope scope) {
            Tensor dq = place(attention.q(), scope);
            Tensor dk = place(attention.k(), scope);
            Tensor dv = place(attention.v(), scope);
            Gradients.Attention step = new Gradients.Attention(
                    tape.value(attention.q()),
                    tape.value(attention.k()),
                    tape.value(attention.v()),
                    seqLen,
                    attention.heads(),
                    attention.kvHeads(),
                    attention.scale());
            backend.gradients().attentionVjp(step, g, dq, dk, dv);
            settle(attention.q(), dq);
            settle(attention.k(), dk);
            settle(attention.v(), dv);
        }

        private void gate(Op.Gate step, Tensor g, Scope scope) {
            Tensor dGate = place(step.gate(), scope);
            Tensor dUp = place(step.up(), scope);
            backend.gradients().siluGateVjp(tape.value(step.gate()), tape.value(step.up()), g, dGate, dUp);
            settle(step.gate(), dGate);
            settle(step.up(), dUp);
        }

        @Override
        public void close() {
            gradients.values().forEach(Held::close);
            gradients.clear();
        }
    }
}
