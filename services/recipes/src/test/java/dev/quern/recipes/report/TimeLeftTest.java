package dev.quern.recipes.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TimeLeftTest {
    @ParameterizedTest(name = "{0} s: {1}")
    @CsvSource({
        "0, less than a minute",
        "59, less than a minute",
        "60, about 1 min",
        "89, about 1 min",
        "130, about 2 min",
        "590, about 10 min",
        "1533, about 25 min",
        "3590, about 1 h",
        "4600, about 1 h 15 min",
        "14000, about 4 h",
        "20000, about 6 h",
        "170000, about 47 h",
        "250000, about 3 days"
    })
    void aGuessIsNotShownToTheSecond(double seconds, String words) {
        assertThat(TimeLeft.words(seconds)).isEqualTo(words);
    }

    @ParameterizedTest
    @CsvSource({"3, 30", "125, 120", "1533, 1500", "4600, 4500", "20000, 21600", "250000, 259200"})
    void whatIsRoundedStaysTheSameWhenItIsRoundedAgain(double seconds, double rounded) {
        assertThat(TimeLeft.rounded(seconds)).isEqualTo(rounded);
        assertThat(TimeLeft.rounded(rounded)).isEqualTo(rounded);
    }
}
