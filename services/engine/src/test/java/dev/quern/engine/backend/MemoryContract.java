package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.Parity.Both;
import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Copies, conversions, permutations, elementwise steps and reductions as JavaBackend in float64 makes them. */
public abstract class MemoryContract extends BackendContract {
    @Test
    void convertsBetweenAllFloats() {
        double[] special = {
            0,
            -0.0,
            1,
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            0x1p-149,
            -0x1p-140,
            0x1p-24,
            65504,
            65519,
            65520,
            3.4e38,
            1.00390625,
            1.01171875,
            0x1.fep127,
            6e-8,
            1.5 * 0x1p-24
        };
        List<DType> types = List.of(DType.F64, DType.F32, DType.BF16, DType.F16);
        for (DType from : types) {
            for (DType to : types) {
                int[] next = {0};
                Both source = parity.filled(from, 3, 41, () -> {
                    int i = next[0]++;
                    return i < special.length
                            ? special[i]
                            : parity.random.nextGaussian() * Math.scalb(1.0, parity.random.nextInt(40) - 20);
                });
                Both target = parity.zeros(to, 3, 41);
                backend.memory().copy(source.subject(), target.subject());
                HostTensor rounded = HostTensor.over(MemorySegment.ofArray(new byte[3 * 41 * 8]), to, 3, 41);
                parity.oracle.memory().copy(source.oracle(), rounded);
                parity.oracle.memory().copy(rounded, target.oracle());
                parity.verify(from + " to " + to, target, 0, 0);
            }
        }
    }

    @Test
    void gathersScattersAndSorts() {
        for (DType type : List.of(DType.F32, DType.F64, DType.BF16, DType.U8)) {
            for (int n : SIZES) {
                Both source = parity.filled(type, 5, n, () -> parity.random.nextInt(200));
                Both order = parity.ints(permutation(n));
                Both gathered = parity.zeros(type, 5, n);
                Both restored = parity.zeros(type, 5, n);
                parity.run(
                        b -> b.memory().gatherColumns(source.subject(), order.subject(), gathered.subject()),
                        b -> b.memory().gatherColumns(source.oracle(), order.oracle(), gathered.oracle()));
                parity.verify("gather", gathered, 0, 0);
                backend.memory().scatterColumns(gathered.subject(), order.subject(), restored.subject());
                assertThat(parity.values(restored.subject())).isDeepEqualTo(parity.values(source.subject()));
            }
        }
    }

    @Test
    void gathersRowsOfEveryType() {
        for (DType type : new DType[] {DType.F64, DType.F32, DType.BF16, DType.U8}) {
            Both source = parity.filled(type, 9, 5, () -> parity.random.nextInt(200));
            Both target = parity.zeros(type, 4, 5);
            Both rows = parity.ints(8, 0, 3, 3);
            parity.run(
                    b -> b.memory().gatherRows(source.subject(), rows.subject(), target.subject()),
                    b -> b.memory().gatherRows(source.oracle(), rows.oracle(), target.oracle()));
            parity.verify("rows of " + type, target, 0, 0);
        }
    }

    @Test
    void permutesRowsAndColumns() {
        for (int n : SIZES) {
            Both source = parity.random(DType.F64, n, n, 1);
            Both order = parity.ints(permutation(n));
            Both target = parity.zeros(DType.F64, n, n);
            parity.run(
                    b -> b.memory().permute(source.subject(), order.subject(), target.subject()),
                    b -> b.memory().permute(source.oracle(), order.oracle(), target.oracle()));
            parity.verify("permute", target, 0, 0);
        }
    }

    @Test
    void sortsStably() {
        Both values = parity.filled(DType.F64, 1, 257, () -> parity.random.nextInt(20));
        Both order = parity.ints(new int[257]);
        parity.run(
                b -> b.memory().argsortDescending(values.subject(), order.subject()),
                b -> b.memory().argsortDescending(values.oracle(), order.oracle()));
        parity.verify("argsort", order, 0, 0);
    }

    private int[] permutation(int n) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            order.add(i);
        }
        Collections.shuffle(order, parity.random);
        return order.stream().mapToInt(i -> i).toArray();
    }

    @Test
    void addsScalesAndClears() {
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (int n : SIZES) {
                Both a = parity.random(type, 3, n, 1e3);
                Both b = parity.random(type, 3, n, 1e-3);
                Both row = parity.random(type, 1, n, 1);
                parity.run(
                        x -> update(x.elementwise(), a.subject(), b.subject(), row.subject()),
                        x -> update(x.elementwise(), a.oracle(), b.oracle(), row.oracle()));
                parity.verify("elementwise", a, 0, type == DType.F32 ? 1e-3 : 1e-9);
            }
        }
    }

    private static void update(Elementwise elementwise, Tensor a, Tensor b, Tensor row) {
        elementwise.add(a, b, a);
        elementwise.addRow(row, a);
        elementwise.multiplyRow(row, a);
        elementwise.scale(-0.75, a);
    }

    @Test
    void handlesDiagonals() {
        for (int n : SIZES) {
            Both matrix = parity.random(DType.F64, n, n, 1);
            Both diagonal = parity.zeros(DType.F64, 1, n);
            Both values = parity.random(DType.F64, 1, n, 1);
            parity.run(
                    b -> {
                        b.elementwise().addDiagonal(0.25, matrix.subject());
                        b.elementwise().addDiagonal(-2, values.subject(), matrix.subject());
                        b.elementwise().diagonal(matrix.subject(), diagonal.subject());
                    },
                    b -> {
                        b.elementwise().addDiagonal(0.25, matrix.oracle());
                        b.elementwise().addDiagonal(-2, values.oracle(), matrix.oracle());
                        b.elementwise().diagonal(matrix.oracle(), diagonal.oracle());
                    });
            parity.verify("diagonal", diagonal, 0, 0);
            parity.verify("matrix", matrix, 0, 0);
        }
    }

    @Test
    void reduces() {
        for (DType type : List.of(DType.F32, DType.F64, DType.BF16)) {
            for (int n : SIZES) {
                Both a = parity.random(type, 9, n, 1e10);
                Both b = parity.random(type, 9, n, 1e-10);
                Elementwise actual = backend.elementwise();
                Elementwise expected = parity.oracle.elementwise();
                assertThat(actual.mean(a.subject())).isCloseTo(expected.mean(a.oracle()), within(1e-5));
                Both dot = parity.filled(DType.F64, 1, 1, () -> 0.25);
                actual.addDot(a.subject(), b.subject(), dot.subject());
                expected.addDot(a.oracle(), b.oracle(), dot.oracle());
                parity.verify("dot", dot, 1e-12 * n, 0);
                assertThat(actual.maxAbs(a.subject())).isEqualTo(expected.maxAbs(a.oracle()));
                assertThat(actual.allFinite(a.subject())).isTrue();
            }
        }
    }

    @Test
    void dividesAndFindsTheLargestOfEachColumn() {
        for (DType type : List.of(DType.F32, DType.F64)) {
            for (int n : SIZES) {
                Both a = parity.random(type, 300, n, 1e10);
                Both b = parity.filled(type, 300, n, () -> 1 + parity.random.nextDouble());
                Both largest = parity.zeros(DType.F64, 1, n);
                parity.run(
                        x -> x.elementwise().columnMaxAbs(a.subject(), largest.subject()),
                        x -> x.elementwise().columnMaxAbs(a.oracle(), largest.oracle()));
                parity.verify("largest of each column", largest, 0, 0);
                assertThat(backend.elementwise().meanRatio(a.subject(), b.subject()))
                        .isCloseTo(parity.oracle.elementwise().meanRatio(a.oracle(), b.oracle()), within(1e-5));
            }
        }
    }

    /** Also what is not finite: a product with zero would keep that. */
    @Test
    void clearsWhatAMaskLeavesOut() {
        for (DType type : List.of(DType.F32, DType.F64, DType.BF16)) {
            for (int n : SIZES) {
                Both mask = parity.filled(DType.U8, 5, n, () -> parity.random.nextInt(2));
                Both target = parity.filled(
                        type, 5, n, () -> parity.random.nextInt(4) == 0 ? Double.NaN : parity.random.nextGaussian());
                backend.elementwise().keep(mask.subject(), target.subject());
                for (int r = 0; r < 5; r++) {
                    for (int c = 0; c < n; c++) {
                        if (HostTensor.of(mask.oracle()).get(r, c) == 0) {
                            HostTensor.of(target.oracle()).set(r, c, 0);
                        }
                    }
                }
                parity.verify("kept of " + type, target, 0, 0);
            }
        }
    }

    @Test
    void findsWhatIsNotFinite() {
        for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            for (int at : new int[] {0, 100, 3 * 67 - 1}) {
                int[] next = {0};
                Both a = parity.filled(DType.F32, 3, 67, () -> next[0]++ == at ? bad : 3e38);
                assertThat(backend.elementwise().allFinite(a.subject())).isFalse();
                assertThat(backend.elementwise().maxAbs(a.subject())).isEqualTo((Double) Math.abs(bad));
            }
        }
    }
}
