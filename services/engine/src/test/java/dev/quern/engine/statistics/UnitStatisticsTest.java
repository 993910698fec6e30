package dev.quern.engine.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class UnitStatisticsTest {
    private static final int COLS = 7;
    private static final WorkUnit UNIT = unit("x");
    private static final WorkUnit OTHER = unit("y");

    private final JavaBackend backend = new JavaBackend(DType.F32, 1);

    /** A sum has no order: H is that of the tokens, not of their places or tiles. */
    @Test
    void tokensMayComeInAnyOrderAndInAnyTiles() {
        int[] inOrder = IntStream.range(0, 30).toArray();
        int[] reversed = IntStream.range(0, 30).map(t -> 29 - t).toArray();

        double[] h = gram(List.of(inOrder));

        assertThat(gram(List.of(reversed))).containsExactly(h, within(1e-4));
        assertThat(gram(List.of(slice(inOrder, 0, 11), slice(inOrder, 11, 30)))).containsExactly(h, within(1e-4));
    }

    @Test
    void tokensOfATextThatComesTwiceCountTwice() {
        int[] tokens = IntStream.range(0, 12).toArray();
        double[] once = gram(List.of(tokens));

        double[] twice = gram(List.of(tokens, tokens));

        assertThat(twice).containsExactly(Arrays.stream(once).map(h -> 2 * h).toArray());
    }

    /** The definition of sequential sums: float64 sums of runs, added in order, nothing else. */
    @Test
    void runsAreSummedEachAndThenInOrder() {
        int[][] tiles = {{0, 1, 2}, {3, 4}, {5, 6, 7, 8}, {9}};
        double[] first = gram(List.of(tiles[0], tiles[1]));
        double[] second = gram(List.of(tiles[2]));
        double[] third = gram(List.of(tiles[3]));
        double[] expected = new double[first.length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = first[i] + second[i] + third[i];
        }

        double[] h = new double[COLS * COLS];
        try (UnitStatistics sum = new UnitStatistics(backend, List.of(UNIT))) {
            for (List<int[]> run : List.of(List.of(tiles[0], tiles[1]), List.of(tiles[2]), List.<int[]>of(tiles[3]))) {
                try (UnitStatistics part = new UnitStatistics(backend, List.of(UNIT))) {
                    record(part, run);
                    sum.add(part);
                }
            }
            backend.memory().download(sum.of(UNIT).gram(), MemorySegment.ofArray(h));
            assertThat(sum.of(UNIT).tokens()).isEqualTo(10);
        }

        assertThat(h).containsExactly(expected);
    }

    @Test
    void otherUnitsPassByUnseen() {
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared();
                UnitStatistics statistics = new UnitStatistics(backend, List.of(UNIT))) {
            statistics.record(OTHER, inputs(scope, arena, 0, 1, 2));

            assertThat(statistics.of(UNIT).tokens()).isZero();
        }
    }

    private double[] gram(List<int[]> tiles) {
        double[] h = new double[COLS * COLS];
        try (UnitStatistics statistics = new UnitStatistics(backend, List.of(UNIT))) {
            record(statistics, tiles);
            backend.memory().download(statistics.of(UNIT).gram(), MemorySegment.ofArray(h));
        }
        return h;
    }

    private void record(UnitStatistics statistics, List<int[]> tiles) {
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            for (int[] tile : tiles) {
                statistics.record(UNIT, inputs(scope, arena, tile));
            }
        }
    }

    private Tensor inputs(Scope scope, Arena arena, int... tokens) {
        MemorySegment rows = arena.allocate(ValueLayout.JAVA_FLOAT, (long) tokens.length * COLS);
        for (int t = 0; t < tokens.length; t++) {
            SplittableRandom random = new SplittableRandom(tokens[t]);
            for (int c = 0; c < COLS; c++) {
                rows.setAtIndex(ValueLayout.JAVA_FLOAT, (long) t * COLS + c, (float) random.nextGaussian());
            }
        }
        return backend.memory().upload(scope, rows, DType.F32, tokens.length, COLS);
    }

    private static int[] slice(int[] tokens, int from, int to) {
        return Arrays.copyOfRange(tokens, from, to);
    }

    private static WorkUnit unit(String input) {
        return new WorkUnit(input, List.of(new LinearSpec("linear", 2, COLS, input)));
    }
}
