package dev.quern.openblas.vector;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code x = x diag(signs) (F ⊗ W) / √n} for segments of rows in float64. Steps of W between neighbours exchange lanes
 * of a register; the others, and F, run over registers. F has entries of 1 and -1, so that every product is exact.
 */
public final class VectorHadamard {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** Columns that F is multiplied with at a time. */
    private static final int CHUNK = 4 * LANES;

    private final double[] scaledSigns;
    /** By column: factor[col * order + row]. */
    private final double[] factor;

    private final int order;
    private final int inner;
    private final double[] parts;

    /** For one thread. */
    public VectorHadamard(double[] signs, double[][] rows) {
        order = rows.length;
        inner = signs.length / order;
        factor = new double[order * order];
        for (int row = 0; row < order; row++) {
            for (int col = 0; col < order; col++) {
                factor[col * order + row] = rows[row][col];
            }
        }
        // An F of order 1 is a sign of all.
        double scale = (order == 1 ? rows[0][0] : 1) / Math.sqrt(signs.length);
        scaledSigns = new double[signs.length];
        for (int i = 0; i < signs.length; i++) {
            scaledSigns[i] = signs[i] * scale;
        }
        parts = new double[order * CHUNK];
    }

    /** Turns every segment of a row. */
    public void turn(double[] values) {
        for (int from = 0; from < values.length; from += scaledSigns.length) {
            for (int i = 0; i < scaledSigns.length; i++) {
                values[from + i] *= scaledSigns[i];
            }
            for (int part = 0; part < order; part++) {
                walsh(values, from + part * inner);
            }
            if (order > 1) {
                mix(values, from);
            }
        }
    }

    private void walsh(double[] values, int from) {
        if (inner < LANES) {
            for (int run = 1; run < inner; run *= 2) {
                few(values, from, run);
            }
            return;
        }
        for (int run = 1; run < LANES; run *= 2) {
            neighbours(values, from, run);
        }
        for (int run = LANES; run < inner; run *= 2) {
            for (int at = from; at < from + inner; at += 2 * run) {
                runs(values, at, run);
            }
        }
    }

    private void few(double[] values, int from, int run) {
        for (int i = from; i < from + inner; i++) {
            if (((i - from) & run) == 0) {
                double first = values[i];
                double second = values[i + run];
                values[i] = first + second;
                values[i + run] = first - second;
            }
        }
    }

    /** Each lane adds the other of its pair, the second of them with its own sign turned. */
    private void neighbours(double[] values, int from, int run) {
        VectorShuffle<Double> other = VectorShuffle.fromOp(SPECIES, lane -> lane ^ run);
        double[] signs = new double[LANES];
        for (int lane = 0; lane < LANES; lane++) {
            signs[lane] = (lane & run) == 0 ? 1 : -1;
        }
        DoubleVector own = DoubleVector.fromArray(SPECIES, signs, 0);
        for (int at = from; at < from + inner; at += LANES) {
            DoubleVector x = DoubleVector.fromArray(SPECIES, values, at);
            x.rearrange(other).add(x.mul(own)).intoArray(values, at);
        }
    }

    private static void runs(double[] values, int from, int run) {
        for (int at = from; at < from + run; at += LANES) {
            DoubleVector first = DoubleVector.fromArray(SPECIES, values, at);
            DoubleVector second = DoubleVector.fromArray(SPECIES, values, at + run);
            first.add(second).intoArray(values, at);
            first.sub(second).intoArray(values, at + run);
        }
    }

    private void mix(double[] values, int from) {
        for (int start = 0; start < inner; start += CHUNK) {
            int width = Math.min(CHUNK, inner - start);
            for (int part = 0; part < order; part++) {
                System.arraycopy(values, from + part * inner + start, parts, part * CHUNK, width);
            }
            for (int col = 0; col < order; col++) {
                int at = from + col * inner + start;
                if (width == CHUNK) {
                    sum(col * order, values, at);
                } else {
                    sumFew(col * order, values, at, width);
                }
            }
        }
    }

    /** A signed sum of all parts, a chunk of columns in registers. */
    private void sum(int signs, double[] target, int at) {
        DoubleVector a = DoubleVector.zero(SPECIES);
        DoubleVector b = a;
        DoubleVector c = a;
        DoubleVector d = a;
        for (int part = 0; part < order; part++) {
            DoubleVector sign = DoubleVector.broadcast(SPECIES, factor[signs + part]);
            int from = part * CHUNK;
            a = DoubleVector.fromArray(SPECIES, parts, from).fma(sign, a);
            b = DoubleVector.fromArray(SPECIES, parts, from + LANES).fma(sign, b);
            c = DoubleVector.fromArray(SPECIES, parts, from + 2 * LANES).fma(sign, c);
            d = DoubleVector.fromArray(SPECIES, parts, from + 3 * LANES).fma(sign, d);
        }
        a.intoArray(target, at);
        b.intoArray(target, at + LANES);
        c.intoArray(target, at + 2 * LANES);
        d.intoArray(target, at + 3 * LANES);
    }

    private void sumFew(int signs, double[] target, int at, int width) {
        for (int i = 0; i < width; i++) {
            double sum = 0;
            for (int part = 0; part < order; part++) {
                sum += factor[signs + part] * parts[part * CHUNK + i];
            }
            target[at + i] = sum;
        }
    }
}
