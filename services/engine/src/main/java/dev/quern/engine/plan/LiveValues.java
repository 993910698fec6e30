package dev.quern.engine.plan;

import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.Op;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** How wide the values of a block are that are alive at once, in columns per token. */
final class LiveValues {
    private LiveValues() {}

    /** The widest moment of a block's run, its input included. */
    static int peakWidth(BlockProgram program, int hidden) {
        Map<String, Integer> all = program.widths(hidden);
        Map<String, Integer> widths = new HashMap<>(Map.of(BlockProgram.INPUT, hidden));
        List<Op> ops = program.ops();
        int peak = 0;
        for (int i = 0; i < ops.size(); i++) {
            String defined = ops.get(i).output();
            widths.put(defined, Objects.requireNonNull(all.get(defined)));
            peak = Math.max(
                    peak, widths.values().stream().mapToInt(Integer::intValue).sum());
            List<Op> later = ops.subList(i + 1, ops.size());
            widths.keySet().removeIf(name -> !name.equals(BlockProgram.INPUT) && isDead(name, later));
        }
        return peak;
    }

    private static boolean isDead(String name, List<Op> later) {
        return later.stream().noneMatch(op -> op.inputs().contains(name));
    }
}
