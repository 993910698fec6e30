package dev.quern.engine.backend.host;

import dev.quern.engine.backend.Transformer.TokenGrid;

/**
 * Grids that are fitted to runs of values as an engine fits them, anew for every token (QuaRot, Ashkboos et al., arXiv
 * 2404.00456). In float64, one value after the other.
 */
public final class TokenRounding {
    private TokenRounding() {}

    /** Rounds every run of {@code grid.width()} values, in place. */
    public static void round(double[] values, TokenGrid grid) {
        for (int from = 0; from < values.length; from += grid.width()) {
            if (grid.symmetric()) {
                symmetric(values, from, from + grid.width(), grid);
            } else {
                asymmetric(values, from, from + grid.width(), grid);
            }
        }
    }

    private static void symmetric(double[] values, int from, int to, TokenGrid grid) {
        double largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        int top = (1 << (grid.bits() - 1)) - 1;
        double scale = grid.clip() * largest / top;
        for (int i = from; i < to && scale != 0; i++) {
            values[i] = scale * clamp(Math.rint(values[i] / scale), -top - 1, top);
        }
    }

    private static void asymmetric(double[] values, int from, int to, TokenGrid grid) {
        // Zero is on every grid.
        double low = 0;
        double high = 0;
        for (int i = from; i < to; i++) {
            low = Math.min(low, values[i]);
            high = Math.max(high, values[i]);
        }
        int top = (1 << grid.bits()) - 1;
        double scale = grid.clip() * (high - low) / top;
        double zero = Math.rint(-grid.clip() * low / scale);
        for (int i = from; i < to && scale != 0; i++) {
            values[i] = scale * (clamp(Math.rint(values[i] / scale) + zero, 0, top) - zero);
        }
    }

    /** NaN stays. */
    private static double clamp(double code, double low, double high) {
        return Math.min(high, Math.max(low, code));
    }
}
