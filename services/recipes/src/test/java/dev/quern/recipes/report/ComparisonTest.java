package dev.quern.recipes.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Gate;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.report.Report.Evaluation;
import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final Report.Verdict ACCEPTED = new Report.Verdict(true, Gate.NONE, List.of());

    @Test
    void anEvaluationIsASideLikeAnyOther() {
        Comparison comparison = Comparison.of(
                List.of("made", "measured", "foreign"),
                List.of(
                        Reports.accepted(),
                        Reports.evaluation(Reports.accepted().recipe()),
                        Reports.evaluation(null)));

        assertThat(comparison.warnings()).isEmpty();
        assertThat(comparison.linears()).isEmpty();
        assertThat(comparison.texts())
                .allSatisfy(text -> assertThat(text.same()).isTrue());
        assertThat(comparison.sides().getLast().recipe()).isEqualTo("an unknown recipe");
        assertThat(comparison.recipe())
                .filteredOn(difference -> difference.field().equals("grid.bits"))
                .singleElement()
                .returns(List.of("4", "4", Figures.NONE), Comparison.Difference::values);
    }

    @Test
    void figuresOfTheSameWindowsStandTogether() {
        Report one = report(0.01, evaluation("a.txt", "a0", 1.01), evaluation("b.txt", "b0", 1.02));
        Report other = report(0.04, evaluation("a.txt", "a0", 1.1), evaluation("b.txt", "b1", 1.2));

        Comparison comparison = Comparison.of(List.of("one", "other"), List.of(one, other));

        assertThat(comparison.texts()).extracting(Comparison.Text::same).containsExactly(true, false);
        assertThat(comparison.warnings())
                .containsExactly("b.txt: not the same windows on every side, so its figures cannot be compared.");
        assertThat(comparison.recipe()).as("the same recipe").isEmpty();
        assertThat(comparison.sides()).extracting(Comparison.Side::label).containsExactly("one", "other");
    }

    @Test
    void aTextThatOneSideDidNotReadIsMarked() {
        Report one = report(0.01, evaluation("a.txt", "a0", 1.01));
        Report other = report(0.01, evaluation("b.txt", "a0", 1.01));

        assertThat(Comparison.of(List.of("one", "other"), List.of(one, other)).texts())
                .extracting(Comparison.Text::same)
                .containsExactly(false, false);
    }

    /** Squared errors of 0.01 and 0.04 are 10 % and 20 %: the larger the error, the larger the difference. */
    @Test
    void linearsAreComparedByTheRootOfTheirErrors() {
        Comparison comparison = Comparison.of(
                List.of("one", "other"),
                List.of(report(0.01, evaluation("a.txt", "a0", 1)), report(0.04, evaluation("a.txt", "a0", 1))));

        assertThat(comparison.linears())
                .hasSize(10)
                .allSatisfy(linear -> assertThat(
                                linear.errors().get(1) / linear.errors().getFirst())
                        .isCloseTo(2, org.assertj.core.data.Offset.offset(1e-9)));
        assertThat(comparison.linears()).isSortedAccordingTo((a, b) -> Double.compare(b.spread(), a.spread()));
    }

    /** The first linear lost half its weights on one side; all others are alike. */
    @Test
    void zerosAndTokensAreShownWhereTheyDiffer() {
        Report one = report(0.01, evaluation("a.txt", "a0", 1));
        Report other = report(0.04, evaluation("a.txt", "a0", 1));
        String name = one.linears().getFirst().name();
        Comparison comparison = Comparison.of(
                List.of("dense", "pruned", "old"), List.of(counted(one, name, 0.1), counted(other, name, 0.5), other));
        Comparison same =
                Comparison.of(List.of("dense", "pruned"), List.of(counted(one, name, 0.1), counted(other, name, 0.5)));

        assertThat(comparison.linears())
                .as("a side does not say")
                .allSatisfy(linear -> assertThat(linear.sparsities()).isNull());
        assertThat(same.linears())
                .filteredOn(linear -> linear.sparsities() != null)
                .singleElement()
                .returns(name, Comparison.Linear::name)
                .returns(List.of(0.1, 0.5), Comparison.Linear::sparsities)
                .returns(null, Comparison.Linear::tokens);
    }

    @Test
    void errorsOnOtherTextAreComparedOnTheSameWindowsOnly() {
        Evaluation text = heldOut("a0", 0.04);
        Evaluation other = heldOut("a0", 0.09);

        assertThat(compared(text, other).linears())
                .filteredOn(linear -> linear.heldOut() != null)
                .singleElement()
                .returns(List.of(0.2, 0.3), Comparison.Linear::heldOut);
        for (Evaluation unlike :
                List.of(heldOut("a1", 0.09), heldOut("a0", Double.NaN), evaluation("a.txt", "a0", 1))) {
            assertThat(compared(text, unlike).linears())
                    .allSatisfy(linear -> assertThat(linear.heldOut()).isNull());
        }
    }

    private static Comparison compared(Evaluation one, Evaluation other) {
        return Comparison.of(List.of("one", "other"), List.of(report(0.01, one), report(0.04, other)));
    }

    /** The last linear has the largest error. */
    private static Evaluation heldOut(String digest, double error) {
        String last = report(0.01).linears().getLast().name();
        return new Evaluation(
                "a.txt", 10, 10, 0.01, 0.1, 0.9, 100, 10, digest, null, List.of(new Report.LinearError(last, error)));
    }

    private static Report counted(Report report, String name, double sparsity) {
        List<Report.Linear> linears = report.linears().stream()
                .map(linear -> {
                    LinearFigures figures = linear.figures();
                    LinearFigures counted = new LinearFigures(
                            linear.name().equals(name) ? 1 - sparsity : figures.relativeError(),
                            figures.relativeErrorNearest(),
                            figures.damping(),
                            figures.retries(),
                            figures.fallback(),
                            figures.deadColumns(),
                            figures.scaleToAbsmax(),
                            figures.twoSided(),
                            linear.name().equals(name) ? sparsity : 0.1,
                            4096L);
                    return new Report.Linear(
                            linear.block(),
                            linear.name(),
                            linear.rows(),
                            linear.cols(),
                            linear.bits(),
                            linear.groupSize(),
                            counted,
                            linear.seconds());
                })
                .toList();
        return new Report(
                report.head(),
                report.model(),
                report.recipe(),
                report.calibration(),
                report.plan(),
                linears,
                report.evaluations(),
                report.sizes(),
                report.times(),
                report.origin(),
                report.verdict(),
                report.notes());
    }

    private static Report report(double error, Evaluation... evaluations) {
        return Reports.of(2, error, ACCEPTED, List.of(evaluations));
    }

    private static Evaluation evaluation(String file, String digest, double ratio) {
        return new Evaluation(file, 10, 10 * ratio, 0.01, 0.1, 0.9, 100, 10, digest, null, null);
    }
}
