package dev.quern.engine.run;

import dev.quern.recipes.Gate;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Verdict;
import java.util.ArrayList;
import java.util.List;

/** Decides whether a result may be published: the conditions of its gate, and those that are always on. */
public final class GateCheck {
    private final List<String> failures = new ArrayList<>();

    private GateCheck() {}

    /**
     * @param evaluations of all files; with none, only figures that are missing pass
     * @return accepted without failures, else what failed, in words with the numbers
     */
    public static Verdict judge(Gate gate, List<Evaluation> evaluations) {
        GateCheck check = new GateCheck();
        evaluations.forEach(evaluation -> check.add(gate, evaluation));
        return new Verdict(
                check.failures.isEmpty(), gate, List.copyOf(check.failures), Closeness.of(evaluations), null);
    }

    private void add(Gate gate, Evaluation evaluation) {
        List<String> notFinite = evaluation.notFinite();
        if (!notFinite.isEmpty()) {
            failures.add(evaluation.file() + ": figures are not finite: " + String.join(", ", notFinite));
            return;
        }
        atMost(evaluation, "perplexity ratio", evaluation.pplRatio(), gate.pplRatioLimit());
        if (gate.maxKl() != null) {
            atMost(evaluation, "mean KL", evaluation.klMean(), gate.maxKl());
        }
        if (gate.minTop1() != null && evaluation.top1() < gate.minTop1()) {
            fail(evaluation, "top-1 agreement", evaluation.top1(), "at least", gate.minTop1());
        }
    }

    private void atMost(Evaluation evaluation, String what, double value, double limit) {
        if (value > limit) {
            fail(evaluation, what, value, "at most", limit);
        }
    }

    private void fail(Evaluation evaluation, String what, double value, String bound, double limit) {
        failures.add("%s: %s %.4g (expected: %s %.4g)".formatted(evaluation.file(), what, value, bound, limit));
    }
}
