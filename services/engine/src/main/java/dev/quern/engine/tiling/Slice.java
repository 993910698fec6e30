package dev.quern.engine.tiling;

import java.util.ArrayList;
import java.util.List;

/**
 * A run of blocks that one task walks: the blocks [first, end) that are left of a segment.
 *
 * @param first the next block
 * @param end one past the segment's last block
 */
public record Slice(int first, int end) {
    public Slice {
        if (first < 0 || first > end) {
            throw new IllegalArgumentException("slice: " + first + " to " + end + " (expected: 0 <= first <= end)");
        }
    }

    /**
     * All blocks in segments of the same length, give or take one.
     *
     * @param segments at least 1; no more than there are blocks are made
     */
    public static List<Slice> split(int blocks, int segments) {
        int count = Math.min(blocks, segments);
        List<Slice> split = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            split.add(new Slice(blocks * i / count, blocks * (i + 1) / count));
        }
        return List.copyOf(split);
    }

    public boolean isEmpty() {
        return first == end;
    }
}
