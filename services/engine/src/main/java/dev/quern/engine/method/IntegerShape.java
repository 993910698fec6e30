package dev.quern.engine.method;

import dev.quern.recipes.Loading.Packed;
import dev.quern.recipes.Recipe;

/**
 * An integer grid without its values.
 *
 * @param groupSize columns that share a scale; 0 is one scale per row
 */
public record IntegerShape(int bits, int groupSize, boolean symmetric) implements CoreShape {
    /** The grid of a recipe for a linear of so many columns; throws as {@link Recipe.Grid#groupSizeFor}. */
    public static IntegerShape of(Recipe.Grid grid, int cols) {
        return new IntegerShape(grid.bits(), grid.groupSizeFor(cols), grid.symmetric());
    }

    /** Scales in a row of {@code cols} columns. */
    public int groups(int cols) {
        return cols / columns(cols);
    }

    /** Columns of a group in a row of {@code cols} columns. */
    public int columns(int cols) {
        return groupSize == 0 ? cols : groupSize;
    }

    /** How artifacts pack codes: rows end at bytes. */
    public BitPacking packing() {
        return new BitPacking(bits, 1);
    }

    /** Packed codes, a byte for each zero point, and float32 scales. */
    @Override
    public long payloadBytes(int rows, int cols) {
        return (long) rows * (packing().rowBytes(cols) + (long) groups(cols) * (1 + Float.BYTES));
    }

    /** As loaders see it. */
    public Packed packed() {
        return new Packed(bits, groupSize, symmetric);
    }
}
