package dev.quern.engine.compress;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Recipe;
import java.util.Random;

/** A backend, a scope and matrices to try things on. */
final class Lab implements AutoCloseable {
    final ComputeBackend backend;
    final Scope scope;
    final Random random;

    Lab(DType working, long seed) {
        this(new JavaBackend(working, 2), seed);
    }

    Lab(ComputeBackend backend, long seed) {
        this.backend = backend;
        this.scope = backend.memory().scope();
        this.random = new Random(seed);
    }

    /** A seed that no run has seen before; tests print it in their names. */
    static long freshSeed() {
        return System.nanoTime() & 0xFFFFFF;
    }

    static Recipe.Grid grid(int bits, int groupSize, boolean symmetric) {
        return new Recipe.Grid(bits, groupSize, symmetric, Recipe.ClipSearch.NONE);
    }

    static GridOptions options(int bits, int groupSize, boolean symmetric) {
        return new GridOptions(bits, groupSize, symmetric, false, null);
    }

    static Recipe gptq(Recipe.Grid grid, Recipe.Order order, double damping) {
        return new Recipe("test", Recipe.Propagation.INDEPENDENT, grid, new Recipe.Gptq(order, damping), true);
    }

    static Recipe nearest(Recipe.Grid grid) {
        return new Recipe("test", Recipe.Propagation.INDEPENDENT, grid, new Recipe.Nearest(), true);
    }

    LinearCompressor.Compressed compress(Recipe recipe, double[][] w, double[][] h) {
        LinearCompressor compressor = new LinearCompressor(backend, recipe, backend.workingType());
        LinearCompressor.Weight weight = new LinearCompressor.Weight(new LinearId("", "w"), tensor(w));
        return compressor.compress(weight, new Statistics.Inputs(tensor(DType.F64, h), 1), Cancellation.NEVER);
    }

    double[][] gaussian(int rows, int cols) {
        double[][] values = new double[rows][cols];
        for (double[] row : values) {
            for (int c = 0; c < cols; c++) {
                // float32 values, so that both working types see the same weights.
                row[c] = (float) random.nextGaussian();
            }
        }
        return values;
    }

    /** Σ x xᵀ of inputs with a few strong directions and columns of different size, as activations have. */
    double[][] gram(int n) {
        int rank = Math.max(1, n / 8);
        double[][] mix = gaussian(rank, n);
        double[][] h = new double[n][n];
        for (int token = 0; token < 2 * n + 2; token++) {
            double[] x = new double[n];
            double[] source = gaussian(1, rank)[0];
            for (int j = 0; j < n; j++) {
                x[j] = 0.3 * random.nextGaussian();
                for (int k = 0; k < rank; k++) {
                    x[j] += source[k] * mix[k][j];
                }
                x[j] *= 1 + j % 3;
            }
            for (int i = 0; i < n; i++) {
                for (int j = 0; j < n; j++) {
                    h[i][j] += x[i] * x[j];
                }
            }
        }
        return h;
    }

    static double[][] identity(int n, double value) {
        double[][] h = new double[n][n];
        for (int i = 0; i < n; i++) {
            h[i][i] = value;
        }
        return h;
    }

    static double[][] damped(double[][] h, double damping) {
        double mean = 0;
        for (int i = 0; i < h.length; i++) {
            mean += (h[i][i] == 0 ? 1 : h[i][i]) / h.length;
        }
        double[][] result = new double[h.length][];
        for (int i = 0; i < h.length; i++) {
            result[i] = h[i].clone();
            result[i][i] += damping * mean;
        }
        return result;
    }

    /** tr(E H Eᵀ). */
    static double quadratic(double[][] e, double[][] h) {
        double sum = 0;
        for (double[] row : e) {
            for (int i = 0; i < row.length; i++) {
                for (int j = 0; j < row.length; j++) {
                    sum += row[i] * h[i][j] * row[j];
                }
            }
        }
        return sum;
    }

    /** W - decode, in the working type. */
    double[][] error(double[][] w, CompressedLinear linear) {
        double[][] decoded = array(linear.decode(backend, scope, backend.workingType()));
        double[][] e = new double[w.length][w[0].length];
        for (int r = 0; r < e.length; r++) {
            for (int c = 0; c < e[r].length; c++) {
                e[r][c] = w[r][c] - decoded[r][c];
            }
        }
        return e;
    }

    static byte[] codes(LinearCompressor.Compressed result) {
        return ((IntegerGrid) result.linear().core()).codes();
    }

    Tensor tensor(double[][] values) {
        return tensor(backend.workingType(), values);
    }

    Tensor tensor(DType dtype, double[][] values) {
        HostTensor target = HostTensor.of(scope.allocate(dtype, values.length, values[0].length));
        for (int r = 0; r < values.length; r++) {
            target.setRow(r, values[r]);
        }
        return target;
    }

    static double[][] array(Tensor tensor) {
        double[][] values = new double[tensor.rows()][];
        for (int r = 0; r < values.length; r++) {
            values[r] = HostTensor.of(tensor).row(r);
        }
        return values;
    }

    static double[][] permuted(double[][] values, int[] columns, boolean rowsToo) {
        double[][] result = new double[values.length][columns.length];
        for (int r = 0; r < values.length; r++) {
            for (int c = 0; c < columns.length; c++) {
                result[r][c] = values[rowsToo ? columns[r] : r][columns[c]];
            }
        }
        return result;
    }

    @Override
    public void close() {
        scope.close();
        backend.close();
    }
}
