package dev.quern.engine.compress;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.host.GroupFit;

/**
 * Other algorithms that must choose the same codes as GPTQ: written from their own definitions, slow and in float64.
 */
final class Oracle {
    private Oracle() {}

    /** A scale and a zero point per group for one row, without search and not rounded. */
    static GroupFit.Fitted[] fit(double[] row, GridOptions grid) {
        GroupFit.Fitted[] fitted = new GroupFit.Fitted[row.length / grid.groupSize()];
        for (int g = 0; g < fitted.length; g++) {
            fitted[g] = fitGroup(row, g * grid.groupSize(), grid);
        }
        return fitted;
    }

    private static GroupFit.Fitted fitGroup(double[] row, int from, GridOptions grid) {
        double min = row[from];
        double max = row[from];
        for (int c = from; c < from + grid.groupSize(); c++) {
            min = Math.min(min, row[c]);
            max = Math.max(max, row[c]);
        }
        return new GroupFit(grid, DType.F64, false).fit(min, max, (scale, zero) -> 0);
    }

    /**
     * The published loop on one row: the inverse's upper Cholesky factor U, and every later weight moved at every step.
     *
     * @param lazy fits a group's grid when its first column is reached
     */
    static int[] textbook(double[] weights, double[][] h, GridOptions grid, boolean lazy) {
        double[][] u = transpose(choleskyLower(inverse(h)));
        double[] w = weights.clone();
        GroupFit.Fitted[] fitted = fit(w, grid);
        int[] codes = new int[w.length];
        for (int j = 0; j < w.length; j++) {
            int group = j / grid.groupSize();
            if (lazy && j % grid.groupSize() == 0) {
                fitted[group] = fitGroup(w, j, grid);
            }
            codes[j] = GroupFit.code(w[j], fitted[group].scale(), fitted[group].zero(), grid.top(), false);
            double quantized = (codes[j] - fitted[group].zero()) * fitted[group].scale();
            double error = (w[j] - quantized) / u[j][j];
            for (int k = j; k < w.length; k++) {
                w[k] -= error * u[j][k];
            }
        }
        return codes;
    }

    /** LDLQ (QuIP): H = L D Lᵀ with L unit lower, columns from right to left, feedback of what lies to the right. */
    static int[] ldlq(double[] w, double[][] h, GridOptions grid) {
        double[][] l = choleskyLower(h);
        GroupFit.Fitted[] fitted = fit(w, grid);
        double[] errors = new double[w.length];
        int[] codes = new int[w.length];
        for (int j = w.length - 1; j >= 0; j--) {
            double target = w[j];
            for (int k = j + 1; k < w.length; k++) {
                target += errors[k] * l[k][j] / l[j][j];
            }
            GroupFit.Fitted at = fitted[j / grid.groupSize()];
            codes[j] = GroupFit.code(target, at.scale(), at.zero(), grid.top(), false);
            errors[j] = w[j] - (codes[j] - at.zero()) * at.scale();
        }
        return codes;
    }

    /**
     * Babai's nearest plane by brute force: each code in turn is the one from which the best real-valued rest comes
     * nearest. The distance of a choice is what remains of the quadratic form after minimising over all later weights.
     */
    static int[] nearestPlane(double[] w, double[][] h, GridOptions grid) {
        int n = w.length;
        GroupFit.Fitted[] fitted = fit(w, grid);
        double[] errors = new double[n];
        int[] codes = new int[n];
        for (int j = 0; j < n; j++) {
            GroupFit.Fitted at = fitted[j / grid.groupSize()];
            double best = Double.POSITIVE_INFINITY;
            for (int code = 0; code <= grid.top(); code++) {
                double[] trial = errors.clone();
                trial[j] = w[j] - (code - at.zero()) * at.scale();
                double distance = distance(trial, h, j);
                if (distance < best) {
                    best = distance;
                    codes[j] = code;
                }
            }
            errors[j] = w[j] - (codes[j] - at.zero()) * at.scale();
        }
        return codes;
    }

    /** min over e_k, k > j, of e H eᵀ: the Schur complement of the free part. */
    private static double distance(double[] e, double[][] h, int j) {
        int n = e.length;
        int free = n - j - 1;
        double[] full = e.clone();
        if (free > 0) {
            double[][] rest = new double[free][free];
            double[] pull = new double[free];
            for (int a = 0; a < free; a++) {
                for (int b = 0; b < free; b++) {
                    rest[a][b] = h[j + 1 + a][j + 1 + b];
                }
                for (int k = 0; k <= j; k++) {
                    pull[a] -= e[k] * h[k][j + 1 + a];
                }
            }
            double[][] inverse = inverse(rest);
            for (int a = 0; a < free; a++) {
                full[j + 1 + a] = 0;
                for (int b = 0; b < free; b++) {
                    full[j + 1 + a] += inverse[a][b] * pull[b];
                }
            }
        }
        return Lab.quadratic(new double[][] {full}, h);
    }

    /** tr(H_O E H Eᵀ). */
    static double twoSided(double[][] outer, double[][] e, double[][] inner) {
        double[][] left = product(outer, e);
        double[][] right = product(e, inner);
        double sum = 0;
        for (int i = 0; i < e.length; i++) {
            for (int j = 0; j < e[i].length; j++) {
                sum += left[i][j] * right[i][j];
            }
        }
        return sum;
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] result = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                for (int j = 0; j < b[k].length; j++) {
                    result[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return result;
    }

    static double[][] choleskyLower(double[][] h) {
        int n = h.length;
        double[][] l = new double[n][n];
        for (int j = 0; j < n; j++) {
            for (int i = j; i < n; i++) {
                double sum = h[i][j];
                for (int k = 0; k < j; k++) {
                    sum -= l[i][k] * l[j][k];
                }
                l[i][j] = i == j ? Math.sqrt(sum) : sum / l[j][j];
            }
        }
        return l;
    }

    /** By Gauss and Jordan, on positive definite matrices. */
    static double[][] inverse(double[][] matrix) {
        int n = matrix.length;
        double[][] a = Lab.damped(matrix, 0);
        double[][] inverse = Lab.identity(n, 1);
        for (int p = 0; p < n; p++) {
            double pivot = a[p][p];
            for (int c = 0; c < n; c++) {
                a[p][c] /= pivot;
                inverse[p][c] /= pivot;
            }
            for (int r = 0; r < n; r++) {
                double factor = a[r][p];
                for (int c = 0; r != p && c < n; c++) {
                    a[r][c] -= factor * a[p][c];
                    inverse[r][c] -= factor * inverse[p][c];
                }
            }
        }
        return inverse;
    }

    private static double[][] transpose(double[][] matrix) {
        double[][] result = new double[matrix.length][matrix.length];
        for (int r = 0; r < matrix.length; r++) {
            for (int c = 0; c < matrix.length; c++) {
                result[c][r] = matrix[r][c];
            }
        }
        return result;
    }
}
