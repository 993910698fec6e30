package dev.quern.engine.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One decoder block as a straight line of steps over named values. Every value is defined once, before it is read; the
 * program reads {@link #INPUT} and its last step defines {@link #OUTPUT}.
 */
public record BlockProgram(List<Op> ops) {
    /** The hidden states that enter the block. */
    public static final String INPUT = "hidden";
    /** The hidden states that leave it. */
    public static final String OUTPUT = "output";

    public BlockProgram {
        ops = List.copyOf(ops);
        Set<String> defined = new HashSet<>(Set.of(INPUT));
        for (Op op : ops) {
            for (String input : op.inputs()) {
                check(defined.contains(input), op + " reads " + input + " (expected: a value defined before)");
            }
            check(defined.add(op.output()), op + " defines " + op.output() + " (expected: a new name)");
        }
        check(!ops.isEmpty() && ops.getLast().output().equals(OUTPUT), "last step (expected: defines " + OUTPUT + ")");
    }

    /** The linears in program order. */
    public List<LinearSpec> linears() {
        return ops.stream().flatMap(op -> op.linears().stream()).toList();
    }

    /** The linear of this name within the block. */
    public LinearSpec linear(String name) {
        return linears().stream()
                .filter(linear -> linear.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("linear: " + name + " (expected: one of the program's)"));
    }

    /** The linears grouped by the value that they read, in program order. */
    public List<WorkUnit> units() {
        Map<String, List<LinearSpec>> byInput = new LinkedHashMap<>();
        for (LinearSpec linear : linears()) {
            byInput.computeIfAbsent(linear.input(), input -> new ArrayList<>()).add(linear);
        }
        return byInput.entrySet().stream()
                .map(unit -> new WorkUnit(unit.getKey(), unit.getValue()))
                .toList();
    }

    /** The tensors of a block, named inside it, in program order. */
    public List<TensorSpec> weights() {
        return ops.stream().flatMap(op -> op.weights().stream()).toList();
    }

    /**
     * The columns of every value, in program order.
     *
     * @param hidden those of {@link #INPUT}
     */
    public Map<String, Integer> widths(int hidden) {
        Map<String, Integer> widths = new LinkedHashMap<>(Map.of(INPUT, hidden));
        for (Op op : ops) {
            List<Integer> inputs = op.inputs().stream()
                    .map(input -> Objects.requireNonNull(widths.get(input), input))
                    .toList();
            widths.put(op.output(), op.width(inputs));
        }
        return widths;
    }

    /** For each value the index of the last step that reads it: after that step its memory is free. */
    public Map<String, Integer> lastUses() {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < ops.size(); i++) {
            for (String input : ops.get(i).inputs()) {
                last.put(input, i);
            }
        }
        return last;
    }

    private static void check(boolean holds, String message) {
        if (!holds) {
            throw new IllegalArgumentException(message);
        }
    }
}
