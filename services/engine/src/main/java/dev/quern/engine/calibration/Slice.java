package dev.quern.engine.calibration;

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

    public boolean isEmpty() {
        return first == end;
    }
}
