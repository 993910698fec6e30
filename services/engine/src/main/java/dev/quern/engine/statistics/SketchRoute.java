package dev.quern.engine.statistics;

/**
 * Two ways to the same sum over a window of T tokens: {@code aᵀ (c cᵀ) a} for a [T, width] and c [T, other], gradients
 * and inputs or the other way round.
 *
 * <ul>
 *   <li>DIRECT makes the gradient by the weights, {@code G = cᵀ a}, and adds Gᵀ G.
 *   <li>GRAM makes c cᵀ [T, T] and (c cᵀ) a, and adds the product of a with that.
 * </ul>
 */
enum SketchRoute {
    DIRECT,
    GRAM;

    /**
     * The one with fewer operations. It follows from the shapes alone, since it decides bits, and for each factor on
     * its own: a factor has the same bits whether or not the other one is summed.
     */
    static SketchRoute of(int width, int other, int tokens) {
        return DIRECT.operations(width, other, tokens) <= GRAM.operations(width, other, tokens) ? DIRECT : GRAM;
    }

    /** Multiplications and additions for a window. Of a symmetric sum one triangle is computed. */
    double operations(double width, double other, double tokens) {
        return switch (this) {
            case DIRECT -> 2 * tokens * width * other + width * width * other;
            case GRAM -> 2 * tokens * tokens * (width + other) + tokens * width * width;
        };
    }
}
