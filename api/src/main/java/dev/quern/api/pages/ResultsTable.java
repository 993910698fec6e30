package dev.quern.api.pages;

import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.ReportDrawing;
import dev.quern.recipes.drawing.Terms;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.view.JobView;
import org.jspecify.annotations.Nullable;

/** The results of one job side by side, a row for each recipe. */
final class ResultsTable {
    private ResultsTable() {}

    static Html of(JobPage.View view) {
        return Html.of(
                """
                <table role="table" class="figures cards">
                <caption class="unseen">The results of the job, each on its worst text</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">recipe</th>
                <th role="columnheader" scope="col">quality</th><th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">{}</th><th role="columnheader" scope="col">{}</th>
                <th role="columnheader" scope="col">size</th><th role="columnheader" scope="col">{}</th></tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """,
                Terms.KL.html(),
                Terms.PERPLEXITY.html(),
                Terms.TOP1.html(),
                Terms.SMALLER.html(),
                Html.each(view.job().outputs(), ResultsTable::row));
    }

    private static Html row(JobView.Output output) {
        JobView.Quality quality = output.quality();
        return Html.of(
                "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{}{}{}{}{}{}</tr>\n",
                output.recipe(),
                cell("quality", ReportDrawing.closeness(Closeness.of(quality))),
                cell("KL to the original", Figures.number(quality == null ? null : quality.measuredKl())),
                cell("perplexity", change(quality)),
                cell("top-1 kept", Figures.percent(quality == null ? null : quality.top1())),
                cell("size", quality == null ? Figures.NONE : Figures.bytes(quality.outputBytes())),
                cell("smaller", smaller(quality)));
    }

    private static Html cell(String label, Object value) {
        return Html.of("<td role=\"cell\" data-label=\"{}\">{}</td>", label, value);
    }

    static String change(JobView.@Nullable Quality quality) {
        return Figures.change(quality == null ? null : quality.measuredRatio());
    }

    /** How many times smaller the tensors are. */
    static String smaller(JobView.@Nullable Quality quality) {
        return quality == null || quality.outputBytes() == 0
                ? Figures.NONE
                : Figures.fixed((double) quality.sourceBytes() / quality.outputBytes(), 2) + "×";
    }
}
