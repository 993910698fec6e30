package dev.quern.contract.plan;

/**
 * How workers share each block of a sequential recipe.
 *
 * @param runs of tiles, whose statistics are summed side by side
 * @param units work units, which are solved side by side
 */
public record SharingRef(int runs, int units) {}
