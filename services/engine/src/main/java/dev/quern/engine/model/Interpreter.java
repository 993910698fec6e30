package dev.quern.engine.model;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs blocks on a backend over tiles of whole windows of {@code seqLen} tokens. Holds the rotary tables; what it makes inside a
 * block is freed as soon as no later step reads it. Confined to its backend's thread.
 */
public final class Interpreter implements AutoCloseable {
    private final ComputeBackend backend;
    private final BlockProgram program;
    private final Map<String, Integer> lastUses;
    private final Map<String, WorkUnit> units;
    private final int recordedSteps;
    private final int seqLen;
    private final Cancellation cancellation;
    private final Precision precision;
    // Shared, because the threads of the backend read the tables in place.
    private final Arena arena = Arena.ofShared();
    private final Scope scope;
    private final Tensor cos;
    private final Tensor sin;

    /**
     * @param seqLen tokens of a window
     * @param cancellation is asked before every step and between the parts of one; what a stopped run made is freed
     */
    public Interpreter(
            ComputeBackend backend, BlockProgram program, RopeSpec rope, int seqLen, Cancellation cancellation) {
        this.backend = backend;
        this.program = program;
        this.lastUses = program.lastUses();
        this.units = program.units().stream().collect(Collectors.toMap(WorkUnit::input, unit -> unit));
        this.recordedSteps = stepsUntilAllInputs(program);
        this.seqLen = seqLen;
        this.cancellation = cancellation;
        this.precision = backend.precision(Precision.Use.FORWARD);
        this.scope = backend.memory().scope();
        this.cos = table(rope.cosines(seqLen));
        this.sin = table(rope.sines(seqLen));
    }

    /**
     * Runs the block.
     *
     * @param hidden [windows * seqLen, hidden] in the working dtype
     * @param target what leaves the block, shaped as hidden; may be hidden itself
     * @param recorder sees the inputs of the linears
     */
    public void run(BlockWeights weights, Tensor hidden, Tensor target, LinearInputs recorder) {
        try (Run run = new Run(weights, hidden, target, recorder)) {
            run.steps(program.ops().size());
        }
    }

    /** Runs the block only as far as the recorder has seen the inputs of all linears. Hidden stays as it is. */
    public void record(BlockWeights weights, Tensor hidden, LinearInputs recorder) {
        try (Run run = new Run(weights, hidden, null, recorder)) {
            run.steps(recordedSteps);
            run.see(program.units().getLast());
        }
    }

    @Override
    public void close() {
        scope.close();
        arena.close();
    }

    private Tensor table(float[] values) {
        MemorySegment host = arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
        Tensor stored = backend.memory().upload(scope, host, DType.F32, seqLen, values.length / seqLen);
        return backend.workingType() == DType.F32 ? stored : Held.cast(backend, stored, scope);
    }

    private static int stepsUntilAllInputs(BlockProgram program) {
        List<LinearSpec> last = program.units().getLast().linears();
        for (int i = 0; i < program.ops().size(); i++) {
            if (!Collections.disjoint(program.ops().get(i).linears(), last)) {
                return i;
            }
        }
        throw new IllegalArgumentException("program (expected: at least one linear)");
    }

    /** One pass through the program: the values that are alive. */
    private final class Run implements AutoCloseable {
        private final BlockWeights weights;
        private final @Nullable Tensor target;
        private final LinearInputs recorder;
        private final Tensor hidden;
        private final Map<String, Held> values = new HashMap<>();
        private final Map<String, WorkUnit> unseen = new HashMap<>(units);
        private int step;

        Run(BlockWeights weights, Tensor hidden, @Nullable Tensor target, LinearInputs recorder) {
            if (hidden.rows() % seqLen != 0) {
                throw new IllegalArgumentException(
                        "tokens: " + hidden.rows() + " (expected: a multiple of " + seqLen + ")");
            }
            this.weights = weights;
            this.hidden = hidden;
            this.target = target;
            this.recorder = recorder;
        }

        void steps(int count) {
            for (step = 0; step < count; step++) {
                cancellation.check();
                Op op = program.ops().get(step);
                backend.interruptibly(cancellation, () -> execute(op));
                op.inputs().forEach(this::freeIfDead);
            }
        }

        private void execute(Op op) {
            switch (op) {
                case Op.RmsNorm norm -> norm(norm.input(), norm.weight(), norm.eps(), norm.output());
                case Op.HeadNorm norm -> norm(norm.input(), norm.weight(), norm.eps(), norm.output());
                case Op.Linear linear -> linear(linear);
                case Op.Rope rope -> rope(rope);
                case Op.Attention attention -> attention(attention);
                case Op.Gate gate -> {
                    Tensor gated = value(gate.gate());
                    Tensor up = value(gate.up());
                    backend.transformer().siluGate(gated, up, over(gate.gate(), gate.output()));
                }
                case Op.Add add -> add(add);
            }
        }

        private void norm(String input, String weight, double eps, String output) {
            Tensor x = value(input);
            backend.transformer().rmsNorm(x, weights.tensor(weight), eps, over(input, output));
        }

        private void linear(Op.Linear linear) {
            LinearSpec spec = linear.spec();
            WorkUnit unit = unseen.get(spec.input());
            if (unit != null) {
                see(unit);
            }
            Tensor y = define(linear.output(), spec.rows());
            Tensor weight = weights.tensor(spec.weight());
            backend.linearAlgebra().gemm(precision, 1, value(spec.input()), false, weight, true, 0, y);
            if (linear.bias()) {
                backend.elementwise().addRow(weights.tensor(spec.bias()), y);
            }
        }

        void see(WorkUnit unit) {
            unseen.remove(unit.input());
            recorder.record(unit, value(unit.input()));
        }

        private void rope(Op.Rope rope) {
            Tensor x = value(rope.input());
            boolean inPlace = isDying(rope.input()) && !rope.output().equals(BlockProgram.OUTPUT);
            Tensor y = over(rope.input(), rope.output());
            if (!inPlace) {
                backend.memory().copy(x, y);
            }
            backend.transformer().rope(y, seqLen, rope.headDim(), cos, sin);
        }

        private void attention(Op.Attention attention) {
            Tensor q = value(attention.q());
            Tensor k = value(attention.k());
            Tensor v = value(attention.v());
            Tensor mixed = define(attention.output(), q.cols());
            backend.transformer()
                    .attention(q, k, v, seqLen, attention.heads(), attention.kvHeads(), attention.scale(), mixed);
        }

        private void add(Op.Add add) {
            Tensor a = value(add.a());
            Tensor b = value(add.b());
            backend.elementwise().add(a, b, over(isDying(add.a()) ? add.a() : add.b(), add.output()));
        }

        private Tensor value(String name) {
            Held held = values.get(name);
            if (held != null) {
                return held.tensor();
            }
            if (name.equals(BlockProgram.INPUT)) {
                return hidden;
            }
            throw new IllegalStateException(name + " (expected: a value that is alive)");
        }

        /** Memory for a new value. */
        private Tensor define(String name, int width) {
            if (target != null && name.equals(BlockProgram.OUTPUT)) {
                return target;
            }
            Held held = Held.allocate(backend, hidden.rows(), width);
            values.put(name, held);
            return held.tensor();
        }

        /** Memory for a new value as wide as an input: the input's own when this step is the last to read it. */
        private Tensor over(String input, String output) {
            if (isDying(input) && !output.equals(BlockProgram.OUTPUT)) {
                Held held = values.remove(input);
                if (held != null) {
                    values.put(output, held);
                    return held.tensor();
                }
            }
            return define(output, value(input).cols());
        }

        private boolean isDying(String name) {
            return values.containsKey(name) && lastUse(name) == step;
        }

        private int lastUse(String name) {
            return lastUses.getOrDefault(name, -1);
        }

        private void freeIfDead(String name) {
            if (lastUse(name) == step) {
                Held held = values.remove(name);
                if (held != null) {
                    held.close();
                }
            }
        }

        @Override
        public void close() {
            values.values().forEach(Held::close);
            values.clear();
        }
    }
}
