package dev.quern.recipes.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.view.JobView;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClosenessTest {
    @ParameterizedTest(name = "KL {0}, ratio {1}: {2}")
    @CsvSource({
        "0.0105, 1.011, CLOSE",
        "0.05, 1.05, CLOSE",
        "0.0501, 1.01, NOTICEABLE",
        "0.01, 1.0501, NOTICEABLE",
        "0.347, 1.383, NOTICEABLE",
        "0.7, 2.0, NOTICEABLE",
        "0.7, 2.01, BROKEN",
        "NaN, 1, BROKEN",
        "0.01, Infinity, BROKEN"
    })
    void bothFiguresMustBeGood(double kl, double ratio, Closeness closeness) {
        assertThat(Closeness.of(kl, ratio)).isEqualTo(closeness);
    }

    @Test
    void theWorstTextCounts() {
        Evaluation good = new Evaluation("a.txt", 10, 10.1, 0.01, 0.1, 0.95, 1000, 512);
        Evaluation bad = new Evaluation("b.txt", 10, 30, 0.9, 2, 0.4, 1000, 512);

        assertThat(Closeness.of(List.of(good, bad))).isEqualTo(Closeness.BROKEN);
        assertThat(Closeness.of(List.of(good))).isEqualTo(Closeness.CLOSE);
        assertThat(Closeness.of(List.of())).isNull();
    }

    @Test
    void figuresThatAreNotFiniteAreThoseOfABrokenResult() {
        Evaluation original = new Evaluation("a.txt", Double.POSITIVE_INFINITY, 10, 0.01, 0.1, 0.95, 1000, 512);

        assertThat(original.pplRatio()).isNaN();
        assertThat(Closeness.of(List.of(original))).isEqualTo(Closeness.BROKEN);
        assertThat(Closeness.of(new JobView.Quality(null, null, 0.7, 2, 1))).isEqualTo(Closeness.BROKEN);
        assertThat(Closeness.of(new JobView.Quality(null, null, null, 2, 1))).isNull();
    }
}
