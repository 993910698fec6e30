package dev.quern.engine.tiling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WorkUnit;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.statistics.StatisticsGroups;
import dev.quern.recipes.Recipe.Needs;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TilingTest {
    private static final StatisticsCost COST = new StatisticsCost(Set.of(Needs.INPUTS));

    @ParameterizedTest(name = "{0} windows of {1}")
    @CsvSource({"128, 512, 8, 16", "128, 2048, 2, 64", "3, 512, 3, 1", "9, 1000, 5, 2", "5, 8192, 1, 5"})
    void aTileHas4096TokensWhereThereAreThatMany(int windows, int seqLen, int windowsPerTile, int tiles) {
        assertThat(Tiling.of(windows, seqLen))
                .returns(windowsPerTile, Tiling::windowsPerTile)
                .returns(tiles, Tiling::tiles);
    }

    @Test
    void tilesCoverEveryWindowOnce() {
        Tiling tiling = new Tiling(9, 10, 4);

        assertThat(tiling.tokens(0)).isEqualTo(40);
        assertThat(tiling.tokens(2)).isEqualTo(10);
        assertThat(tiling.firstWindow(2)).isEqualTo(8);
        assertThat(tiling.endWindow(2)).isEqualTo(9);
    }

    /** Units of 8, 8 and 32 bytes of H. */
    @Test
    void statisticsAreHeldTogetherAsFarAsMemoryGoes() {
        WorkUnit one = unit("a", 1);
        WorkUnit two = unit("b", 1);
        WorkUnit big = unit("c", 2);

        assertThat(StatisticsGroups.of(List.of(one, two, big), COST, 48, 1)).containsExactly(List.of(one, two, big));
        assertThat(StatisticsGroups.of(List.of(one, two, big), COST, 40, 1))
                .containsExactly(List.of(one, two), List.of(big));
        assertThat(StatisticsGroups.of(List.of(one, two, big), COST, 0, 1))
                .containsExactly(List.of(one), List.of(two), List.of(big));
        assertThat(StatisticsGroups.of(List.of(one, two, big), COST, 40, 2))
                .as("two matrices each")
                .containsExactly(List.of(one, two), List.of(big));
        assertThat(StatisticsGroups.of(List.of(one, two, big), COST, 31, 2))
                .containsExactly(List.of(one), List.of(two), List.of(big));
    }

    private static WorkUnit unit(String input, int cols) {
        return new WorkUnit(input, List.of(new LinearSpec("linear", 2, cols, input)));
    }
}
