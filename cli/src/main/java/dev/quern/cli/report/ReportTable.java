package dev.quern.cli.report;

import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.ErrorOf;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A report as a person reads it in a terminal. */
public final class ReportTable {
    private static final int WORST = 3;

    private final Console console;
    private final Report report;

    public ReportTable(Console console, Report report) {
        this.console = console;
        this.report = report;
    }

    public void print() {
        Report.Sizes sizes = report.sizes();
        console.print("");
        console.print(
                subject() + " (" + report.model().type() + ", " + report.model().blocks() + " blocks)");
        console.print("");
        quality();
        console.print("");
        console.print(String.format(
                Locale.ROOT,
                "size         %s -> %s, %.2f bits per weight",
                Units.bytes(sizes.sourceBytes()),
                Units.bytes(sizes.outputBytes()),
                sizes.bitsPerWeight()));
        if (report.calibration().windows() > 0) {
            console.print("calibrated   " + report.calibration().windows() + " windows of "
                    + report.calibration().seqLen() + " tokens, "
                    + report.calibration().source());
        }
        worst();
        console.print("took         "
                + Units.duration(report.times().secondsPerStage().values().stream()
                        .mapToDouble(Double::doubleValue)
                        .sum())
                + waited());
        console.print("digest       " + report.model().outputDigest());
        notes();
        verdict();
    }

    private String subject() {
        return report.head().evaluated() == null
                ? console.bold(report.recipeName()) + " of " + report.model().source()
                : console.bold(report.head().evaluated()) + " against "
                        + report.model().source();
    }

    private void quality() {
        Table table = Table.ofNumbers(
                "evaluation", "ppl before", "ppl after", "ratio", "KL mean", "KL p99", "top-1", "tokens");
        for (Report.Evaluation evaluation : report.evaluations()) {
            table.row(
                    evaluation.file(),
                    number("%.3f", evaluation.pplOriginal()),
                    number("%.3f", evaluation.pplCompressed()),
                    number("%.4f", evaluation.pplRatio()),
                    number("%.5f", evaluation.klMean()),
                    number("%.4f", evaluation.klP99()),
                    number("%.2f %%", 100 * evaluation.top1()),
                    Long.toString(evaluation.tokens()));
        }
        table.print(console);
    }

    private void worst() {
        List<Report.Linear> worst = report.linears().stream()
                .sorted(Comparator.comparingDouble(
                                (Report.Linear linear) -> linear.figures().relativeError())
                        .reversed())
                .limit(WORST)
                .toList();
        Map<String, Double> heldOut = report.heldOut();
        String label = "worst error  ";
        for (Report.Linear linear : worst) {
            console.print(String.format(
                    Locale.ROOT,
                    "%s%s: %s of its %s (%splain rounding %s)",
                    label,
                    linear.name(),
                    Figures.error(linear.figures().relativeError()),
                    ErrorOf.of(report.knownRecipe()),
                    heldOut.containsKey(linear.name())
                            ? "held out " + Figures.error(heldOut.get(linear.name())) + ", "
                            : "",
                    Figures.error(linear.figures().relativeErrorNearest())));
            label = " ".repeat(13);
        }
    }

    private String waited() {
        double seconds = report.times().secondsWaiting().values().stream()
                .mapToDouble(Double::doubleValue)
                .sum();
        return seconds < 1 ? "" : ", and waited " + Units.duration(seconds);
    }

    private void notes() {
        if (report.calibration().recommendation() != null) {
            console.print("note         " + report.calibration().recommendation());
        }
        for (String note : report.notes()) {
            console.print("note         " + note);
        }
    }

    private void verdict() {
        console.print("");
        Closeness closeness = report.closeness();
        String quality = closeness == null ? "" : ": " + closeness.phrase();
        Report.Approval approval = report.verdict().approval();
        if (report.verdict().accepted()) {
            console.print(console.green(approval == null ? "accepted" : "approved by " + approval.by()) + quality);
            return;
        }
        console.print(console.red(report.head().evaluated() == null ? "quarantined" : "refused by the gate") + quality);
        for (String failure : report.verdict().failures()) {
            console.print("  " + failure);
        }
    }

    private static String number(String format, double value) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : Figures.NOT_FINITE;
    }
}
