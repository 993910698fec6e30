package dev.quern.control.job;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShardsTest {
    /** 20 s of work, but at least a tile, and no more than outweighs loading the weights. */
    @ParameterizedTest(name = "{0} s for a tile: {1}")
    @CsvSource({"0, 16", "0.5, 16", "1.25, 16", "2, 10", "9, 2", "20, 1", "600, 1"})
    void aShardIsOverSoon(double secondsPerTile, int tiles) {
        assertThat(Shards.quickTiles(secondsPerTile)).isEqualTo(tiles);
    }
}
