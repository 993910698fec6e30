package dev.quern.engine.format;

import dev.quern.engine.method.IntegerGrid;
import dev.quern.recipes.Recipe;

/**
 * What a format must know of an integer grid.
 *
 * @param groupSize columns that share a scale; 0 is one scale per row
 */
public record PackedGrid(int bits, int groupSize, boolean symmetric) {
    public static PackedGrid of(Recipe.Grid grid) {
        return new PackedGrid(grid.bits(), grid.groupSize(), grid.symmetric());
    }

    static PackedGrid of(IntegerGrid grid) {
        return new PackedGrid(grid.bits(), grid.groupSize(), grid.symmetric());
    }

    /** Scales in a row of {@code cols} columns. */
    int groups(int cols) {
        return groupSize == 0 ? 1 : cols / groupSize;
    }
}
