package dev.quern.engine.statistics;

/**
 * Two ways to the same sum over a window of T tokens: {@code aᵀ (c cᵀ) a} for a [T, width] and c [T, other], gradients and
 * inputs or the other way round.
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
     * The one with fewer operations. It follows from the shapes alone, since it decides bits, and for each factor on its
     * own: a factor has the same bits whether or not the other one is summed.
     */
    static SketchRoute of(int width, int other, int tokens) {
        double w = width;
        double o = other;
        double t = tokens;
        // Of a symmetric sum one triangle is computed.
        double direct = 2 * t * w * o + w * w * o;
        double gram = 2 * t * t * (w + o) + t * w * w;
        return direct <= gram ? DIRECT : GRAM;
    }
}
