package dev.quern.recipes.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.view.LinearView;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorScaleTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "1e-9, 0",
        "1e-4, 0",
        "1.1e-3, 6",
        "0.011, 12",
        "0.11, 18",
        "0.99, 23",
        "1, 23",
        "1e9, 23",
        "NaN, 23"
    })
    void theCommonScaleHasSixStepsForADecadeOfTheSquare(double error, int step) {
        assertThat(ErrorScale.COMMON.step(error)).isEqualTo(step);
    }

    /** 0.0036 and 0.0049 are the squares of 6 % and 7 %. */
    @Test
    void theScaleOfABoardHasRoundEndsAroundItsErrors() {
        ErrorScale scale = ErrorScale.of(linears(0.0036, 0.0049, 0.004));

        assertThat(scale.marks()).startsWith("5 %").endsWith("7 %").hasSize(5);
        assertThat(scale.step(0.0036)).isBetween(8, 16);
        assertThat(scale.step(0.0049)).isEqualTo(HeatScale.STEPS - 1);
    }

    @ParameterizedTest
    @CsvSource({
        "0.0001, 1 %, 2 %",
        "0.000225, 1 %, 2 %",
        "0.81, 70 %, 100 %",
        "1.21, 100 %, 200 %",
        "1e-9, 0.003 %, 0.005 %"
    })
    void oneErrorIsEnoughForAScale(double error, String low, String high) {
        assertThat(ErrorScale.of(linears(error)).marks()).startsWith(low).endsWith(high);
    }

    @Test
    void withoutErrorsItIsTheCommonScale() {
        assertThat(ErrorScale.of(linears(0, Double.NaN))).isEqualTo(ErrorScale.COMMON);
        assertThat(ErrorScale.COMMON.marks()).containsExactly("1 %", "3.2 %", "10 %", "32 %", "100 %");
    }

    private static List<LinearView> linears(double... errors) {
        return DoubleStream.of(errors)
                .mapToObj(error -> new LinearView(
                        0,
                        "q_proj",
                        CellState.DONE,
                        4,
                        4,
                        new LinearFigures(error, error, 0.01, 0, null, 0, null),
                        1.0))
                .toList();
    }
}
