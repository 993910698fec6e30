package dev.quern.engine.statistics;

/**
 * Two ways to the same sums over a window of T tokens with inputs x [T, n] and gradients g [T, m].
 *
 * <ul>
 *   <li>DIRECT makes G = gᵀ x and adds G Gᵀ and Gᵀ G.
 *   <li>GRAM makes x xᵀ and g gᵀ, both [T, T], and adds gᵀ (x xᵀ) g and xᵀ (g gᵀ) x.
 * </ul>
 */
enum SketchRoute {
    DIRECT,
    GRAM;

    /** The one with fewer operations; it follows from the shapes alone, since it decides bits. */
    static SketchRoute of(long m, long n, long tokens, Sides sides) {
        return direct(m, n, tokens, sides) <= gram(m, n, tokens, sides) ? DIRECT : GRAM;
    }

    /** G and its transpose are products of their own; of a symmetric sum one triangle is computed. */
    private static double direct(double m, double n, double tokens, Sides sides) {
        double outer = 2 * tokens * m * n + m * m * n;
        double inner = 2 * tokens * m * n + n * n * m;
        return sides == Sides.BOTH ? outer + inner : outer;
    }

    private static double gram(double m, double n, double tokens, Sides sides) {
        double outer = 2 * tokens * tokens * (m + n) + tokens * m * m;
        double inner = 2 * tokens * tokens * (m + n) + tokens * n * n;
        return sides == Sides.BOTH ? outer + inner : outer;
    }
}
