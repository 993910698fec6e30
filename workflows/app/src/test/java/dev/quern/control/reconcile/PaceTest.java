package dev.quern.control.reconcile;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.Stage;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PaceTest {
    /** With the second that compression has on top: 10 and 10. */
    private static final Map<String, Double> PLAN = Map.of("compress", 9.0, "evaluate", 10.0);

    @Test
    void whatIsLeftTakesAsMuchLongerThanPredictedAsWhatIsDone() {
        Pace pace = new Pace(PLAN);
        pace.at(Stage.COMPRESS, 0, 0, 0);
        assertThat(pace.remaining()).as("nothing is done").isNull();

        pace.at(Stage.COMPRESS, 0.5, 0, 50);

        assertThat(pace.remaining()).isEqualTo(150);
        pace.at(Stage.EVALUATE, 0.5, 0, 100);
        assertThat(pace.remaining()).isEqualTo(50);
        pace.at(Stage.PUBLISH, 0, 0, 50);
        assertThat(pace.remaining()).isZero();
    }

    @Test
    void itRunsDownBetweenTwoPiecesOfWorkButNotToNothing() {
        Pace pace = new Pace(PLAN);
        pace.at(Stage.COMPRESS, 0, 0, 0);
        pace.at(Stage.COMPRESS, 0.5, 0, 50);

        pace.at(Stage.COMPRESS, 0.5, 0, 30);
        assertThat(pace.remaining()).isEqualTo(120);

        pace.at(Stage.COMPRESS, 0.5, 0, 1000);
        assertThat(pace.remaining()).isEqualTo(75);
    }

    /** They take no time, and say nothing about those that do. */
    @Test
    void blocksThatWereThereBeforeDoNotMakeItFaster() {
        Pace pace = new Pace(PLAN);
        pace.at(Stage.COMPRESS, 0, 0, 0);
        pace.at(Stage.COMPRESS, 0.5, 0.5, 1);
        assertThat(pace.remaining()).isNull();

        pace.at(Stage.COMPRESS, 0.75, 0.5, 24);

        assertThat(pace.remaining()).isEqualTo(125);
    }

    @Test
    void aControlProcessThatComesLateMeasuresFromThere() {
        Pace pace = new Pace(PLAN);
        pace.at(Stage.COMPRESS, 0.5, 0, 1000);
        assertThat(pace.remaining()).isNull();

        pace.at(Stage.COMPRESS, 1, 0, 50);

        assertThat(pace.remaining()).isEqualTo(100);
    }

    @Test
    void anEvaluationHasNothingToCompress() {
        Pace pace = new Pace(Map.of("inspect", 0.0, "evaluate", 10.0));
        pace.at(Stage.EVALUATE, 0, 0, 0);

        pace.at(Stage.EVALUATE, 0.25, 0, 25);

        assertThat(pace.remaining()).isEqualTo(75);
    }
}
