package dev.quern.openblas.rounding;

import java.util.stream.IntStream;

/**
 * The groups that occur in a panel, numbered by first occurrence: with a permuted order they may be any of the
 * linear's.
 */
final class PanelGroups {
    static final PanelGroups NONE = new PanelGroups(new int[0]);

    private final int[] distinct;
    private final int[] slots;

    /** @param groups of each column of the panel */
    PanelGroups(int[] groups) {
        this.distinct = IntStream.of(groups).distinct().toArray();
        this.slots = new int[groups.length];
        int[] slotOf = new int[IntStream.of(groups).max().orElse(-1) + 1];
        for (int slot = 0; slot < distinct.length; slot++) {
            slotOf[distinct[slot]] = slot;
        }
        for (int j = 0; j < groups.length; j++) {
            slots[j] = slotOf[groups[j]];
        }
    }

    int count() {
        return distinct.length;
    }

    /** The group of a slot. */
    int group(int slot) {
        return distinct[slot];
    }

    /** The slot of a column's group. */
    int slot(int column) {
        return slots[column];
    }
}
