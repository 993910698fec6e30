package dev.quern.openblas.vector;

/** Sums in float64 in one fixed order: eight running sums, folded in halves. Eight hide the latency of an addition. */
public final class Sums {
    private Sums() {}

    static double sum(double[] x, int from, int to) {
        double[] sums = new double[8];
        int i = from;
        for (; i + 8 <= to; i += 8) {
            for (int k = 0; k < 8; k++) {
                sums[k] += x[i + k];
            }
        }
        for (int k = 0; i < to; i++, k++) {
            sums[k] += x[i];
        }
        return fold(sums);
    }

    public static double dot(double[] a, double[] b, int from, int to) {
        double[] sums = new double[8];
        int i = from;
        for (; i + 8 <= to; i += 8) {
            for (int k = 0; k < 8; k++) {
                sums[k] += a[i + k] * b[i + k];
            }
        }
        for (int k = 0; i < to; i++, k++) {
            sums[k] += a[i] * b[i];
        }
        return fold(sums);
    }

    private static double fold(double[] sums) {
        return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
    }
}
