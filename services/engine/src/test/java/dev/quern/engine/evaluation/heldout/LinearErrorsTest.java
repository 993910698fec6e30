package dev.quern.engine.evaluation.heldout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LinearErrorsTest {
    /** Every token is stood for once, the first one by itself. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 16, 17, 18, 24, 33, 500, 512, 513})
    void aSampleStandsForAllTokens(int seqLen) {
        TokenSample sample = new TokenSample(seqLen);
        int[] weights = IntStream.range(0, sample.count()).map(sample::weight).toArray();
        int[] positions = sample.positions(3);

        assertThat(weights[0]).isEqualTo(1);
        assertThat(Arrays.stream(weights)).allMatch(weight -> weight >= 1 && weight <= 16);
        assertThat(Arrays.stream(weights).sum()).isEqualTo(seqLen);
        assertThat(positions)
                .hasSize(3 * sample.count())
                .doesNotHaveDuplicates()
                .isSorted();
        assertThat(positions).contains(0, seqLen, 2 * seqLen).endsWith(3 * seqLen - 1);
    }

    /** (3 + 5 + 1) / (4 + 8 + 6) */
    @Test
    void theErrorIsARatioOfSumsOverAllWindows() {
        LinearErrors first = errors(2);
        fill(first.add("a"), 3, 4, 5, 8);
        fill(first.add("dead"), 0, 0, 0, 0);
        LinearErrors second = errors(1);
        fill(second.add("a"), 1, 6);
        fill(second.add("dead"), 0, 0);

        assertThat(LinearErrors.relative(List.of(first, second)))
                .containsExactly(Map.entry("a", 0.5), Map.entry("dead", 0.0));
    }

    @Test
    void whatIsNotFiniteStaysSo() {
        LinearErrors errors = errors(1);
        fill(errors.add("a"), Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

        assertThat(LinearErrors.relative(List.of(errors)).get("a")).isNaN();
    }

    @Test
    void shardsOfOtherLinearsAreRefused() {
        LinearErrors errors = errors(1);
        errors.add("a");

        assertThatThrownBy(() -> LinearErrors.relative(List.of(errors, errors(1))))
                .hasMessage("a: not measured (expected: the same linears in all shards)");
    }

    @Test
    void survivesItsBytesAndLeavesWhatFollows() {
        LinearErrors errors = errors(2);
        fill(errors.add("model.layers.0.mlp.up_proj"), 3, 4, 5, 8);
        fill(errors.add("é"), 1, 2, Double.NaN, 3);
        ByteBuffer bytes = ByteBuffer.allocate(errors.bytes() + 1);
        errors.write(bytes);
        assertThat(bytes.remaining()).isEqualTo(1);

        LinearErrors read = LinearErrors.read(bytes.rewind());

        assertThat(bytes.remaining()).isEqualTo(1);
        assertThat(LinearErrors.relative(List.of(read))).isEqualTo(LinearErrors.relative(List.of(errors)));
        for (int length = 0; length < errors.bytes(); length++) {
            ByteBuffer cut = ByteBuffer.wrap(Arrays.copyOf(bytes.array(), length));
            assertThatThrownBy(() -> LinearErrors.read(cut))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bytes (expected: two sums for each linear and window)");
        }
    }

    private static LinearErrors errors(int windows) {
        return new LinearErrors(windows);
    }

    /** @param values error and reference of one window after the other */
    private static void fill(LinearErrors.Sums sums, double... values) {
        for (int window = 0; window < sums.errors().length; window++) {
            sums.errors()[window] = values[2 * window];
            sums.references()[window] = values[2 * window + 1];
        }
    }
}
