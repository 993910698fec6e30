package dev.quern.openblas.vector;

import dev.quern.engine.backend.host.HostTensor;
import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * {@code x = x diag(signs) (F ⊗ W) / √n} for segments of rows in float64, F first: a row is widened as F reads it, and
 * what W is done with, a part of a segment, is written from the first-level cache. Steps of W between neighbours
 * exchange lanes of a register; the others run over registers, two of them each time a part is read. F has entries of 1
 * and -1.
 */
public final class VectorHadamard {
    private static final VectorSpecies<Double> SPECIES = DoubleVector.SPECIES_PREFERRED;
    private static final int LANES = SPECIES.length();
    /** As many float32 as there are lanes. */
    private static final VectorSpecies<Float> NARROW =
            VectorSpecies.of(float.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));

    private static final Exchange ONES = Exchange.over(1);
    private static final Exchange TWOS = Exchange.over(2);
    private static final Exchange FOURS = Exchange.over(4);
    /** Columns that F is multiplied with at a time. */
    private static final int CHUNK = 4 * LANES;
    /** Parts that add up, and in how many ways but for the sign of all. */
    private static final int GROUP = 4;

    private static final int WAYS = 1 << (GROUP - 1);
    private static final int CACHE_LINE = 64 / Double.BYTES;

    private final double[] scaledSigns;
    /** By column: factor[col * order + row]. */
    private final double[] factor;

    private final int order;
    private final int inner;
    /** From part to part: they are a power of two long, and without a line between them would take the same places. */
    private final int stride;
    /** Where sums begin in scratch memory, after the parts. */
    private final int sums;
    /** Where the sum of each group of parts lies that a column of F takes, and with which sign. */
    private final int[] picks;

    private final double[] pickSigns;

    public VectorHadamard(double[] signs, double[][] rows) {
        order = rows.length;
        inner = signs.length / order;
        stride = inner + CACHE_LINE;
        sums = order * stride;
        factor = new double[order * order];
        for (int row = 0; row < order; row++) {
            for (int col = 0; col < order; col++) {
                factor[col * order + row] = rows[row][col];
            }
        }
        double scale = 1 / Math.sqrt(signs.length);
        scaledSigns = Arrays.stream(signs).map(sign -> sign * scale).toArray();
        int groups = order / GROUP;
        picks = new int[order * groups];
        pickSigns = new double[picks.length];
        for (int i = 0; i < picks.length; i++) {
            int first = i / groups * order + i % groups * GROUP;
            picks[i] = sums + (i % groups * WAYS + way(first)) * CHUNK;
            pickSigns[i] = factor[first];
        }
    }

    /** A bit for each part of a group after the first: whether its sign differs from that of the first. */
    private int way(int first) {
        int way = 0;
        for (int part = 1; part < GROUP; part++) {
            way |= factor[first + part] == factor[first] ? 0 : 1 << (part - 1);
        }
        return way;
    }

    /** Turns every segment of rows {@code [begin, end)}, of any float dtype but F64. */
    public void turn(HostTensor matrix, int begin, int end) {
        float[] values = new float[matrix.cols()];
        double[] scratch = new double[sums + order / GROUP * WAYS * CHUNK];
        for (int row = begin; row < end; row++) {
            Rows.read(matrix, row, values);
            for (int from = 0; from < values.length; from += scaledSigns.length) {
                turn(values, from, scratch, matrix, row);
            }
        }
    }

    private void turn(float[] values, int from, double[] scratch, HostTensor target, int row) {
        if (inner % CHUNK == 0 && order % GROUP == 0) {
            mix(values, from, scratch);
        } else if (inner % LANES == 0 && order == 1) {
            sign(values, from, scratch);
        } else {
            mixFew(values, from, scratch);
        }
        for (int part = 0; part < order; part++) {
            int at = part * stride;
            if (inner < LANES) {
                walshFew(scratch, at);
            } else {
                walsh(scratch, at);
            }
            Rows.write(scratch, at, target.cols(from + part * inner, from + (part + 1) * inner), row);
        }
    }

    /**
     * Multiplies by F. Four parts add up in eight ways, whatever their signs: these are made once, and each column of F
     * takes one of them for every four parts, which is a third of the work of a signed sum of all.
     */
    private void mix(float[] values, int from, double[] scratch) {
        for (int i = 0; i < inner; i += CHUNK) {
            for (int group = 0; group < order / GROUP; group++) {
                for (int lane = 0; lane < CHUNK; lane += LANES) {
                    int col = group * GROUP * inner + i + lane;
                    ways(values, from, col, scratch, sums + group * WAYS * CHUNK + lane);
                }
            }
            for (int col = 0; col < order; col++) {
                pick(scratch, col * (order / GROUP), col * stride + i);
            }
        }
    }

    private void ways(float[] values, int from, int col, double[] scratch, int to) {
        DoubleVector a = signed(values, from, col);
        DoubleVector b = signed(values, from, col + inner);
        DoubleVector c = signed(values, from, col + 2 * inner);
        DoubleVector d = signed(values, from, col + 3 * inner);
        DoubleVector first = a.add(b);
        DoubleVector second = a.sub(b);
        DoubleVector third = c.add(d);
        DoubleVector fourth = c.sub(d);
        first.add(third).intoArray(scratch, to);
        second.add(third).intoArray(scratch, to + CHUNK);
        first.sub(fourth).intoArray(scratch, to + 2 * CHUNK);
        second.sub(fourth).intoArray(scratch, to + 3 * CHUNK);
        first.add(fourth).intoArray(scratch, to + 4 * CHUNK);
        second.add(fourth).intoArray(scratch, to + 5 * CHUNK);
        first.sub(third).intoArray(scratch, to + 6 * CHUNK);
        second.sub(third).intoArray(scratch, to + 7 * CHUNK);
    }

    private DoubleVector signed(float[] values, int from, int col) {
        FloatVector narrow = FloatVector.fromArray(NARROW, values, from + col);
        DoubleVector wide = (DoubleVector) narrow.convertShape(VectorOperators.F2D, SPECIES, 0);
        return wide.mul(DoubleVector.fromArray(SPECIES, scaledSigns, col));
    }

    /** A column of F: a chunk of columns in registers. */
    private void pick(double[] scratch, int first, int to) {
        DoubleVector a = DoubleVector.zero(SPECIES);
        DoubleVector b = a;
        DoubleVector c = a;
        DoubleVector d = a;
        for (int pick = first; pick < first + order / GROUP; pick++) {
            DoubleVector sign = DoubleVector.broadcast(SPECIES, pickSigns[pick]);
            int from = picks[pick];
            a = DoubleVector.fromArray(SPECIES, scratch, from).fma(sign, a);
            b = DoubleVector.fromArray(SPECIES, scratch, from + LANES).fma(sign, b);
            c = DoubleVector.fromArray(SPECIES, scratch, from + 2 * LANES).fma(sign, c);
            d = DoubleVector.fromArray(SPECIES, scratch, from + 3 * LANES).fma(sign, d);
        }
        a.intoArray(scratch, to);
        b.intoArray(scratch, to + LANES);
        c.intoArray(scratch, to + 2 * LANES);
        d.intoArray(scratch, to + 3 * LANES);
    }

    /** An F of order 1 is a sign of all. */
    private void sign(float[] values, int from, double[] scratch) {
        for (int i = 0; i < inner; i += LANES) {
            signed(values, from, i).mul(factor[0]).intoArray(scratch, i);
        }
    }

    /** For sizes that do not fill registers. */
    private void mixFew(float[] values, int from, double[] scratch) {
        for (int col = 0; col < order; col++) {
            int to = col * stride;
            Arrays.fill(scratch, to, to + inner, 0);
            for (int part = 0; part < order; part++) {
                double sign = factor[col * order + part];
                int at = part * inner;
                for (int i = 0; i < inner; i++) {
                    scratch[to + i] += sign * scaledSigns[at + i] * values[from + at + i];
                }
            }
        }
    }

    private void walsh(double[] values, int from) {
        for (int i = from; i < from + inner; i += LANES) {
            neighbours(DoubleVector.fromArray(SPECIES, values, i)).intoArray(values, i);
        }
        int run = LANES;
        for (; 4 * run <= inner; run *= 4) {
            for (int at = from; at < from + inner; at += 4 * run) {
                fours(values, at, run);
            }
        }
        if (run < inner) {
            pairs(values, from, run);
        }
    }

    private void walshFew(double[] values, int from) {
        for (int run = 1; run < inner; run *= 2) {
            for (int i = from; i < from + inner; i++) {
                if (((i - from) & run) == 0) {
                    double first = values[i];
                    double second = values[i + run];
                    values[i] = first + second;
                    values[i + run] = first - second;
                }
            }
        }
    }

    /** The steps between the lanes of a register. */
    private static DoubleVector neighbours(DoubleVector x) {
        DoubleVector sum = x;
        if (LANES > 1) {
            sum = ONES.step(sum);
        }
        if (LANES > 2) {
            sum = TWOS.step(sum);
        }
        if (LANES > 4) {
            sum = FOURS.step(sum);
        }
        return sum;
    }

    /** Two steps on four runs that follow each other. */
    private static void fours(double[] values, int from, int run) {
        for (int at = from; at < from + run; at += LANES) {
            DoubleVector a = DoubleVector.fromArray(SPECIES, values, at);
            DoubleVector b = DoubleVector.fromArray(SPECIES, values, at + run);
            DoubleVector c = DoubleVector.fromArray(SPECIES, values, at + 2 * run);
            DoubleVector d = DoubleVector.fromArray(SPECIES, values, at + 3 * run);
            DoubleVector first = a.add(b);
            DoubleVector second = a.sub(b);
            DoubleVector third = c.add(d);
            DoubleVector fourth = c.sub(d);
            first.add(third).intoArray(values, at);
            second.add(fourth).intoArray(values, at + run);
            first.sub(third).intoArray(values, at + 2 * run);
            second.sub(fourth).intoArray(values, at + 3 * run);
        }
    }

    private static void pairs(double[] values, int from, int run) {
        for (int at = from; at < from + run; at += LANES) {
            DoubleVector first = DoubleVector.fromArray(SPECIES, values, at);
            DoubleVector second = DoubleVector.fromArray(SPECIES, values, at + run);
            first.add(second).intoArray(values, at);
            first.sub(second).intoArray(values, at + run);
        }
    }

    /** Each lane adds the other of its pair, the second of them with its own sign turned. */
    private record Exchange(VectorShuffle<Double> other, DoubleVector signs) {
        static Exchange over(int distance) {
            double[] signs = new double[LANES];
            for (int lane = 0; lane < LANES; lane++) {
                signs[lane] = (lane & distance) == 0 ? 1 : -1;
            }
            // A distance that a register does not have is never stepped over.
            VectorShuffle<Double> other = VectorShuffle.fromOp(SPECIES, lane -> (lane ^ distance) % LANES);
            return new Exchange(other, DoubleVector.fromArray(SPECIES, signs, 0));
        }

        DoubleVector step(DoubleVector x) {
            return x.fma(signs, x.rearrange(other));
        }
    }
}
