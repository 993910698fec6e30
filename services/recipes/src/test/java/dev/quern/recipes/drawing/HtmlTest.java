package dev.quern.recipes.drawing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.report.Figures;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HtmlTest {
    @Test
    void escapesValuesAndKeepsHtml() {
        Html inner = Html.of("<b>{}</b>", "<&>\"'");

        assertThat(Html.of("<p title=\"{}\">{}{}</p>", "a\"b", inner, null).markup())
                .isEqualTo("<p title=\"a&quot;b\"><b>&lt;&amp;&gt;&quot;&#39;</b></p>");
    }

    @Test
    void refusesAValueTooManyOrTooFew() {
        assertThatThrownBy(() -> Html.of("{}", 1, 2)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Html.of("{}{}", 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "1.0107, +1.07 %",
        "0.99, -1.00 %",
        "9.9, +890.00 %",
        "41.23, ×41.2",
        "713.4, ×713",
        "1451356.96, ×1.45 million",
        "NaN, not finite"
    })
    void ratiosAreChangesOrFactors(double ratio, String text) {
        assertThat(Figures.change(ratio)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0.00912, 0.912",
        "0.0912, 9.12",
        "0.912, 91.2",
        "0.0000123, 0.0012",
        "0.000000012, 1e-6",
        "0, 0",
        "1.5, 150"
    })
    void percentagesHaveThreeDigits(double share, String text) {
        assertThat(Figures.percentNumber(share)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"5.44, 5.4 s", "59.9, 59 s", "150, 3 min", "4000, 1 h 6 min", "200000, 2 d 7 h"})
    void durationsHaveTwoUnits(double seconds, String text) {
        assertThat(Figures.duration(seconds)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"999, 999 B", "1000, 1.00 kB", "16381470720, 16.4 GB", "999999, 1.00 MB"})
    void bytesHaveDecimalUnits(long bytes, String text) {
        assertThat(Figures.bytes(bytes)).isEqualTo(text);
    }
}
