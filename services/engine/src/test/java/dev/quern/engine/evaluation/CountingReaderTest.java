package dev.quern.engine.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.text.TokenWindows;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CountingReaderTest {
    /**
     * 7, then 7 again, then 3: new among 4 tokens, known with 1 of (1 + 1), new with 1 of (2 + 1) among the 3 others.
     */
    @Test
    void itCountsWhileItReads() {
        TokenWindows text = new TokenWindows("a", 3, new int[] {7, 7, 3});

        double expected = -(Math.log(1.0 / 4) + Math.log(1.0 / 2) + Math.log(1.0 / 3 / 3)) / 3;
        assertThat(CountingReader.nats(text, 4)).isCloseTo(expected, within(1e-12));
    }

    @Test
    void everyTokenOfTheVocabularyMayCome() {
        TokenWindows text = new TokenWindows("a", 4, new int[] {0, 1, 2, 3});

        assertThat(CountingReader.nats(text, 4)).isFinite();
    }

    /**
     * Tokens by Zipf's law: counting gets near their entropy, and a model is held against that, not against the
     * vocabulary.
     */
    @Test
    void aModelThatIsMuchWorseThanCountingDoesNotUnderstandTheText() {
        SplittableRandom random = new SplittableRandom(1);
        int[] tokens =
                random.doubles(4096).mapToInt(u -> (int) Math.pow(1000, u) - 1).toArray();
        TokenWindows text = new TokenWindows("a", 256, tokens);
        double counting = Math.exp(CountingReader.nats(text, 100_000));

        assertThat(counting).isLessThan(1000);
        assertThat(CountingReader.isMuchBetter(text, 100_000, 5 * counting)).isFalse();
        assertThat(CountingReader.isMuchBetter(text, 100_000, 9 * counting)).isTrue();
    }

    @Test
    void neitherDoesOneThatIsWorseThanGuessing() {
        TokenWindows text = new TokenWindows("a", 2, new int[] {5, 6});

        assertThat(CountingReader.isMuchBetter(text, 8, 7.9)).isFalse();
        assertThat(CountingReader.isMuchBetter(text, 8, 8.1)).isTrue();
    }
}
