package dev.quern.recipes.drawing;

import dev.quern.recipes.Gate;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.view.LinearView;
import java.util.Comparator;
import java.util.List;
import java.util.StringJoiner;

/** What compression cost: the evaluation table, the gate, and the linears with the largest errors. */
public final class QualityDrawing {
    private static final int WORST = 6;

    private QualityDrawing() {}

    /** A row per evaluation file; on a narrow screen each row becomes a card. */
    public static Html evaluations(List<Evaluation> evaluations) {
        return table(Html.each(evaluations, one -> evaluation("", one)));
    }

    /** A row per recipe and evaluation file, the recipes of a text together. */
    public static Html comparison(List<Report> reports) {
        List<String> texts = reports.stream()
                .flatMap(report -> report.evaluations().stream().map(Evaluation::file))
                .distinct()
                .toList();
        return table(Html.each(
                texts,
                text -> Html.each(
                        reports,
                        report -> Html.each(
                                report.evaluations().stream()
                                        .filter(one -> one.file().equals(text))
                                        .toList(),
                                one -> evaluation(report.recipeName(), one)))));
    }

    private static Html table(Html rows) {
        return Html.of("""
                <table role="table" class="figures cards">
                <caption class="unseen">Original and compressed model, on each evaluation text</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">text</th>
                <th role="columnheader" scope="col">perplexity, original</th><th role="columnheader" scope="col">compressed</th>
                <th role="columnheader" scope="col">ratio</th>
                <th role="columnheader" scope="col">{}</th><th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">tokens</th></tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """, Terms.KL_MEAN.html(), Terms.KL_P99.html(), Terms.TOP1.html(), rows);
    }

    private static Html evaluation(String recipe, Evaluation e) {
        return Html.of(
                """
                <tr role="row"><th role="rowheader" scope="row" title="{}">{}{}</th>{}{}{}{}{}{}{}</tr>
                """,
                e.file(),
                Html.when(!recipe.isEmpty(), () -> Html.of("{} <small>on</small> ", recipe)),
                Figures.leaf(e.file()),
                figure("perplexity, original", Figures.fixed(e.pplOriginal(), 3)),
                figure("perplexity, compressed", Figures.fixed(e.pplCompressed(), 3)),
                figure("ratio", Figures.fixed(e.pplRatio(), 4)),
                strong("KL mean", Figures.number(e.klMean())),
                figure("KL p99", Figures.number(e.klP99())),
                figure("top-1 kept", Figures.fixed(e.top1() * 100, 2) + " %"),
                figure("tokens", Figures.count(e.tokens())));
    }

    private static Html figure(String label, String value) {
        return Html.of("<td role=\"cell\" data-label=\"{}\">{}</td>", label, value);
    }

    private static Html strong(String label, String value) {
        return Html.of("<td role=\"cell\" data-label=\"{}\"><strong>{}</strong></td>", label, value);
    }

    /** The conditions of the gate in words. */
    public static String gate(Gate gate) {
        StringJoiner text = new StringJoiner(", ");
        text.add("perplexity ratio at most " + Figures.plain(gate.pplRatioLimit())
                + (gate.maxPplRatio() == null ? " (default)" : ""));
        if (gate.maxKl() != null) {
            text.add("KL mean at most " + Figures.plain(gate.maxKl()));
        }
        if (gate.minTop1() != null) {
            text.add("top-1 kept at least " + Figures.percent(gate.minTop1()));
        }
        return text.toString();
    }

    /**
     * The linears with the largest errors, where more bits would help first.
     *
     * @param heldOut stands beside them where it is known
     */
    public static Html worst(List<LinearView> linears, HeldOut heldOut) {
        ErrorScale scale = ErrorScale.of(linears);
        List<LinearView> worst = linears.stream()
                .filter(linear -> linear.relativeError() != null)
                .sorted(Comparator.comparingDouble(QualityDrawing::error).reversed())
                .limit(WORST)
                .toList();
        return Html.of(
                """
                <table role="table" class="figures worst">
                <caption class="unseen">Linears with the largest relative error</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">linear</th><th role="columnheader" scope="col">error</th>
                {}<th role="columnheader" scope="col">plain rounding</th></tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """,
                Html.when(
                        !heldOut.isEmpty(),
                        () -> Html.of("<th role=\"columnheader\" scope=\"col\">{}</th>\n", Terms.HELD_OUT.html())),
                Html.each(worst, linear -> worstRow(linear, scale, heldOut)));
    }

    private static Html worstRow(LinearView linear, ErrorScale scale, HeldOut heldOut) {
        return Html.of(
                """
                <tr role="row"><th role="rowheader" scope="row"><i class="swatch {}"></i>block {} <code>{}</code></th><td role="cell">{}</td>{}<td role="cell">{}</td></tr>
                """,
                BoardDrawing.colour(linear, scale),
                linear.block(),
                linear.linear(),
                Figures.error(linear.relativeError()),
                Html.when(
                        !heldOut.isEmpty(),
                        () -> Html.of("<td role=\"cell\">{}</td>", Figures.error(heldOut.of(linear)))),
                Figures.error(linear.relativeErrorNearest()));
    }

    /** One sentence over all finished linears: the middle, the worst, and the gain over plain rounding. */
    public static String summary(List<LinearView> linears) {
        List<LinearView> done = linears.stream()
                .filter(linear -> linear.relativeError() != null)
                .sorted(Comparator.comparingDouble(QualityDrawing::error))
                .toList();
        if (done.isEmpty()) {
            return "No linear is finished yet.";
        }
        LinearView worst = done.getLast();
        double gain = gain(done);
        return "Median error " + Figures.error(error(done.get(done.size() / 2))) + ", largest "
                + Figures.error(error(worst)) + " in block " + worst.block() + " " + worst.linear()
                + (gain > 0.005 ? "; " + Math.round(gain * 100) + " % below plain rounding" : "") + ".";
    }

    /**
     * 1 minus the geometric mean over linears of error over error of plain rounding, both as norms; 0 where nothing can
     * be compared.
     */
    private static double gain(List<LinearView> done) {
        return 1
                - Math.exp(done.stream()
                        .filter(linear -> error(linear) > 0
                                && linear.relativeErrorNearest() != null
                                && linear.relativeErrorNearest() > 0)
                        .mapToDouble(linear -> Math.log(error(linear) / nearest(linear)) / 2)
                        .average()
                        .orElse(0));
    }

    private static double error(LinearView linear) {
        return linear.relativeError() == null ? 0 : linear.relativeError();
    }

    private static double nearest(LinearView linear) {
        return linear.relativeErrorNearest() == null ? 0 : linear.relativeErrorNearest();
    }
}
