package dev.quern.engine.format.quernsparse;

/**
 * Runs of whole rows, of about 2^16 weights each. Each run is coded by itself, so that it can be read by itself.
 *
 * @param rows of the linear
 * @param cols of the linear
 */
record Runs(int rows, int cols) {
    private static final int WEIGHTS = 1 << 16;

    /** Rows of a run; the last one may have fewer. */
    int length() {
        return Math.max(1, WEIGHTS / cols);
    }

    int count() {
        return Math.ceilDiv(rows, length());
    }

    /** The first row of a run. */
    int first(int run) {
        return run * length();
    }

    /** One past the last row of a run. */
    int end(int run) {
        return (int) Math.min(rows, (run + 1L) * length());
    }

    /** Where runs begin in an array with so many elements a row, and where the last one ends. */
    int[] starts(int rowLength) {
        int[] starts = new int[count() + 1];
        for (int run = 0; run < count(); run++) {
            starts[run + 1] = end(run) * rowLength;
        }
        return starts;
    }
}
