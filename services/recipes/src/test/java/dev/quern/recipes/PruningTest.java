package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.Pruning.Score;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PruningTest {
    /** The nearest whole number of each row is pruned. */
    @ParameterizedTest
    @CsvSource({"0.5, 8, 4", "0.5, 7, 3", "0.6, 4096, 1638", "0.1, 4, 4"})
    void aShareOfARowIsTheSameNumberInEach(double sparsity, int cols, int kept) {
        Pruning rows = new Pruning(Score.WANDA, sparsity, null, 0.01);
        assertThat(rows.run(cols)).isEqualTo(cols);
        assertThat(rows.kept(cols)).isEqualTo(kept);
    }

    @Test
    void aPatternSaysHowManyOfARunAreKept() {
        Recipe recipe = Recipes.read("""
                apiVersion: quern/v1
                extends: gptq-w4a16
                mask: {score: sparsegpt, pattern: '2:4'}
                """);
        Pruning mask = Objects.requireNonNull(recipe.mask());
        assertThat(mask).isEqualTo(new Pruning(Score.SPARSEGPT, null, "2:4", 0.01));
        assertThat(mask.kept(64)).isEqualTo(2);
        assertThat(mask.run(64)).isEqualTo(4);
        assertThat(mask.title()).isEqualTo("all but 2:4 pruned by SparseGPT's score");
        assertThat(recipe.name()).startsWith("gptq-w4-2of4-");
        assertThat(recipe.decisive().get("mask")).isNotNull();
        assertThat(recipe.withMask(null).decisive().get("mask")).isNull();
    }

    /** The kept weights are fitted to the inputs, however they are rounded afterwards. */
    @Test
    void aMaskNeedsCalibration() {
        Recipe nearest = Recipes.find("rtn-w4a16");
        assertThat(nearest.needsCalibration()).isFalse();
        assertThat(nearest.withMask(new Pruning(Score.MAGNITUDE, 0.5, null, 0.01))
                        .needsCalibration())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"4:4", "0:4", "2", "2:4:8", "two:four", "2:10000"})
    void otherPatternsAreRefused(String pattern) {
        assertThatThrownBy(() -> new Pruning(Score.WANDA, null, pattern, 0.01))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE))
                .hasMessage("mask.pattern: " + pattern + " (expected: as in 2:4, fewer kept than there are)");
    }

    @Test
    void oneOfSparsityAndPatternIsSaid() {
        assertThatThrownBy(() -> new Pruning(Score.WANDA, 0.5, "2:4", 0.01))
                .hasMessage("mask: sparsity 0.5, pattern 2:4 (expected: one of them)");
        assertThatThrownBy(() -> new Pruning(Score.WANDA, null, null, 0.01))
                .hasMessage("mask: sparsity null, pattern null (expected: one of them)");
        assertThatThrownBy(() -> new Pruning(Score.WANDA, 1.0, null, 0.01))
                .hasMessage("mask.sparsity: 1.0 (expected: more than 0, less than 1)");
    }
}
