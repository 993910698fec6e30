package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Gate;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;

class GateCheckTest {
    private static final Evaluation GOOD = new Evaluation("a.txt", 10, 10.5, 0.01, 0.1, 0.95, 1000, 512);

    @Test
    void aGoodResultPassesWithAndWithoutConditions() {
        assertThat(GateCheck.judge(Gate.NONE, List.of(GOOD)).accepted()).isTrue();
        assertThat(GateCheck.judge(new Gate(0.01, 1.05, 0.95), List.of(GOOD)).failures())
                .isEmpty();
    }

    @Test
    void everyConditionThatFailsIsNamedWithItsNumbers() {
        Verdict verdict = GateCheck.judge(new Gate(0.005, 1.01, 0.99), List.of(GOOD));

        assertThat(verdict.accepted()).isFalse();
        assertThat(verdict.failures())
                .containsExactly(
                        "a.txt: perplexity ratio 1.050 (expected: at most 1.010)",
                        "a.txt: mean KL 0.01000 (expected: at most 0.005000)",
                        "a.txt: top-1 agreement 0.9500 (expected: at least 0.9900)");
    }

    /** A ratio to infinity would be 0, which is better than any limit. */
    @Test
    void figuresThatAreNotFiniteAreRefusedByName() {
        Evaluation original = new Evaluation("o.txt", Double.POSITIVE_INFINITY, 10, 0.01, 0.1, 0.95, 1000, 512);
        Evaluation both = new Evaluation("b.txt", Double.NaN, Double.NaN, Double.NaN, Double.NaN, 0, 1000, 512);

        assertThat(GateCheck.judge(new Gate(9.0, 1e9, null), List.of(original, GOOD, both)))
                .returns(Closeness.BROKEN, Verdict::quality)
                .returns(
                        List.of(
                                "o.txt: figures are not finite: the original's perplexity",
                                "b.txt: figures are not finite: the original's perplexity, the result's perplexity,"
                                        + " mean KL, 99th percentile of KL"),
                        Verdict::failures);
    }

    @Test
    void withoutAConditionABrokenModelIsRefusedAndItsOwnerMayAllowIt() {
        Evaluation broken = new Evaluation("b.txt", 10, 1100, 4, 9, 0.01, 1000, 512);
        Evaluation nothing = new Evaluation("c.txt", 10, Double.NaN, 0.1, 1, 0.9, 1000, 512);

        assertThat(GateCheck.judge(Gate.NONE, List.of(GOOD, broken)).failures())
                .containsExactly("b.txt: perplexity ratio 110.0 (expected: at most 2.000)");
        assertThat(GateCheck.judge(new Gate(9.0, 1e9, null), List.of(nothing)).failures())
                .containsExactly("c.txt: figures are not finite: the result's perplexity");
        assertThat(GateCheck.judge(new Gate(null, 1e9, null), List.of(broken)))
                .returns(true, Verdict::accepted)
                .returns(Closeness.BROKEN, Verdict::quality);
    }
}
