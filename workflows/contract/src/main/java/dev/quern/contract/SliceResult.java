package dev.quern.contract;

import dev.quern.contract.plan.SliceRef;
import java.util.List;

/**
 * What is left of a segment after a slice.
 *
 * @param worker who did it; what it needed lies near it still
 * @param made blocks that this slice added
 * @param reused how many blocks were there before
 */
public record SliceResult(SliceRef rest, String worker, List<Integer> made, int reused) {
    public SliceResult {
        made = List.copyOf(made);
    }
}
