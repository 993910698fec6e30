package dev.quern.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UnitsTest {
    @ParameterizedTest
    @CsvSource({"0, 0 B", "999, 999 B", "1000, 1.00 kB", "2099456, 2.10 MB", "999600, 1.00 MB", "16060522496, 16.1 GB"})
    void sizesAreDecimalWithThreeDigits(long bytes, String text) {
        assertThat(Units.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"0.4, 0 s", "59.4, 59 s", "60, 1:00 min", "3599, 59:59 min", "3720, 1:02 h"})
    void timesShowTwoUnits(double seconds, String text) {
        assertThat(Units.duration(seconds)).isEqualTo(text);
    }
}
