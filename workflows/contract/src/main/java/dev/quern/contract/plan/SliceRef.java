package dev.quern.contract.plan;

/** The blocks [first, end) that are left of a segment. */
public record SliceRef(int first, int end) {
    public boolean empty() {
        return first >= end;
    }
}
