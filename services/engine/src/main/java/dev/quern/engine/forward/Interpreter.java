package dev.quern.engine.forward;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.Op;
import dev.quern.engine.model.RopeSpec;
import dev.quern.engine.model.WorkUnit;
import java.lang.foreign.Arena;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs blocks on a backend over tiles of whole windows of {@code seqLen} tokens. It holds the rotary tables of the
 * blocks that it ran; what it makes inside a block is freed as soon as no later step reads it. Confined to its
 * backend's thread.
 */
public final class Interpreter implements AutoCloseable {
    private final ComputeBackend backend;
    private final int seqLen;
    private final Cancellation cancellation;
    private final OpRunner runner;
    // Shared, because the threads of the backend read the tables in place.
    private final Arena arena = Arena.ofShared();
    private final Scope scope;
    private final Map<RopeSpec, RopeTables> tables = new HashMap<>();
    private final Map<BlockProgram, Course> courses = new HashMap<>();

    /**
     * @param seqLen tokens of a window
     * @param cancellation is asked before every step and between the parts of one; what a stopped run made is freed
     */
    public Interpreter(ComputeBackend backend, int seqLen, Cancellation cancellation) {
        this.backend = backend;
        this.seqLen = seqLen;
        this.cancellation = cancellation;
        this.runner = new OpRunner(backend, seqLen);
        this.scope = backend.memory().scope();
    }

    /** What a run asks of a program at every step. */
    private record Course(
            List<Op> ops,
            Map<String, Integer> lastUses,
            Map<String, WorkUnit> units,
            int recordedSteps,
            int tapedSteps,
            WorkUnit lastUnit) {
        static Course of(BlockProgram program) {
            WorkUnit last = program.units().getLast();
            Map<String, WorkUnit> units =
                    program.units().stream().collect(Collectors.toMap(WorkUnit::input, unit -> unit));
            return new Course(
                    program.ops(),
                    program.lastUses(),
                    units,
                    firstStep(program, last),
                    tapedSteps(program.ops()),
                    last);
        }

        /** Up to the last step that needs what it reads to go back: behind it there are only residuals. */
        private static int tapedSteps(List<Op> ops) {
            int steps = ops.size() - 1;
            while (steps > 0 && !goesBackThroughInputs(ops.get(steps))) {
                steps--;
            }
            return steps;
        }

        /** Whether the gradient of a step depends on the values that it read. */
        private static boolean goesBackThroughInputs(Op op) {
            return switch (op) {
                case Op.Add add -> false;
                case Op.FakeQuantize rounding -> false;
                case Op.Turn turn -> false;
                case Op.RmsNorm norm -> true;
                case Op.HeadNorm norm -> true;
                case Op.Linear linear -> true;
                case Op.Rope rope -> true;
                case Op.Attention attention -> true;
                case Op.Gate gate -> true;
            };
        }

        /** The first step that reads the input of a unit. */
        private static int firstStep(BlockProgram program, WorkUnit unit) {
            int step = 0;
            while (Collections.disjoint(program.ops().get(step).linears(), unit.linears())) {
                step++;
            }
            return step;
        }

        int lastUse(String value) {
            return lastUses.getOrDefault(value, -1);
        }
    }

    /**
     * Runs the block that the weights belong to.
     *
     * @param hidden [windows * seqLen, hidden] in the working dtype
     * @param target what leaves the block, shaped as hidden; may be hidden itself
     * @param recorder sees the inputs of the linears
     */
    public void run(BlockWeights weights, Tensor hidden, Tensor target, LinearInputs recorder) {
        try (Run run = new Run(weights, hidden, target, recorder)) {
            run.steps(run.course.ops().size());
        }
    }

    /** Runs the block only as far as the recorder has seen the inputs of all linears. Hidden stays as it is. */
    public void record(BlockWeights weights, Tensor hidden, LinearInputs recorder) {
        try (Run run = new Run(weights, hidden, null, recorder)) {
            run.steps(run.course.recordedSteps());
            run.see(run.course.lastUnit());
        }
    }

    /**
     * Runs the block as far as a pass back needs it, and keeps all values. The caller closes the tape. Hidden must stay
     * as it is until then.
     */
    public Tape tape(BlockWeights weights, Tensor hidden) {
        requireWindows(hidden);
        Course course = course(weights.block());
        RopeTables rope = tables(weights.block().rope());
        Tape tape = new Tape(backend, weights, hidden);
        try {
            for (Op op : course.ops().subList(0, course.tapedSteps())) {
                cancellation.check();
                backend.interruptibly(cancellation, () -> runner.run(op, tape, weights, rope));
            }
            return tape;
        } catch (RuntimeException e) {
            tape.close();
            throw e;
        }
    }

    /** The tables of a rope, made at first use. */
    public RopeTables tables(RopeSpec rope) {
        return tables.computeIfAbsent(rope, spec -> RopeTables.of(backend, spec, seqLen, scope, arena));
    }

    private Course course(Block block) {
        return courses.computeIfAbsent(block.program(), Course::of);
    }

    private void requireWindows(Tensor hidden) {
        if (hidden.rows() % seqLen != 0) {
            throw new IllegalArgumentException(
                    "tokens: " + hidden.rows() + " (expected: a multiple of " + seqLen + ")");
        }
    }

    @Override
    public void close() {
        scope.close();
        arena.close();
    }

    /** One pass through the program: the values that are alive. */
    private final class Run implements Values, AutoCloseable {
        private final Course course;
        private final RopeTables rope;
        private final BlockWeights weights;
        private final @Nullable Tensor target;
        private final LinearInputs recorder;
        private final Tensor hidden;
        private final Map<String, Held> alive = new HashMap<>();
        private final Map<String, WorkUnit> unseen;
        private int step;

        Run(BlockWeights weights, Tensor hidden, @Nullable Tensor target, LinearInputs recorder) {
            requireWindows(hidden);
            this.course = course(weights.block());
            this.rope = tables(weights.block().rope());
            this.weights = weights;
            this.hidden = hidden;
            this.target = target;
            this.recorder = recorder;
            this.unseen = new HashMap<>(course.units());
        }

        void steps(int count) {
            for (step = 0; step < count; step++) {
                cancellation.check();
                Op op = course.ops().get(step);
                op.linears().forEach(linear -> {
                    WorkUnit unit = unseen.get(linear.input());
                    if (unit != null) {
                        see(unit);
                    }
                });
                backend.interruptibly(cancellation, () -> runner.run(op, this, weights, rope));
                op.inputs().forEach(this::freeIfDead);
            }
        }

        void see(WorkUnit unit) {
            unseen.remove(unit.input());
            backend.interruptibly(cancellation, () -> recorder.record(unit, value(unit.input())));
        }

        @Override
        public Tensor value(String name) {
            Held held = alive.get(name);
            if (held != null) {
                return held.tensor();
            }
            if (name.equals(BlockProgram.INPUT)) {
                return hidden;
            }
            throw new IllegalStateException(name + " (expected: a value that is alive)");
        }

        @Override
        public Tensor define(String name, int width) {
            if (target != null && name.equals(BlockProgram.OUTPUT)) {
                return target;
            }
            Held held = Held.reserve(backend, hidden.rows(), width);
            alive.put(name, held);
            return held.tensor();
        }

        @Override
        public Tensor over(String name, String... inputs) {
            if (!name.equals(BlockProgram.OUTPUT)) {
                for (String input : inputs) {
                    if (isDying(input)) {
                        Held held = Objects.requireNonNull(alive.remove(input), input);
                        alive.put(name, held);
                        return held.tensor();
                    }
                }
            }
            return define(name, value(inputs[0]).cols());
        }

        private boolean isDying(String name) {
            return alive.containsKey(name) && course.lastUse(name) == step;
        }

        private void freeIfDead(String name) {
            if (course.lastUse(name) == step) {
                Held held = alive.remove(name);
                if (held != null) {
                    held.close();
                }
            }
        }

        @Override
        public void close() {
            alive.values().forEach(Held::close);
            alive.clear();
        }
    }
}
