package dev.quern.recipes.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeatScaleTest {
    /** Lightness alone carries the order, which is what every kind of colour blindness and a grey print keep. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void luminanceNeverTurns(boolean dark) {
        for (int step = 1; step < HeatScale.STEPS; step++) {
            double before = HeatScale.background(step - 1, dark).luminance();
            double here = HeatScale.background(step, dark).luminance();
            assertThat(dark ? here - before : before - here).as("step %d", step).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void figuresAreReadableOnEveryStep(boolean dark) {
        for (int step = 0; step < HeatScale.STEPS; step++) {
            HeatScale.Colour background = HeatScale.background(step, dark);
            assertThat(background.contrast(HeatScale.ink(background)))
                    .as("step %d", step)
                    .isGreaterThanOrEqualTo(4.5);
        }
    }

    /** Ottosson's example: oklab(0.628, 0.2249, 0.1258) is sRGB red. */
    @Test
    void oklchOfRedIsRed() {
        HeatScale.Colour red = HeatScale.Colour.oklch(0.627955, 0.257683, 29.2339);

        assertThat(red.red()).isCloseTo(1, Offset.offset(1e-3));
        assertThat(red.green()).isCloseTo(0, Offset.offset(1e-3));
        assertThat(red.blue()).isCloseTo(0, Offset.offset(1e-3));
    }
}
