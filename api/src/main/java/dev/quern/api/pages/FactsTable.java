package dev.quern.api.pages;

import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.drawing.ReportDrawing;
import dev.quern.recipes.report.Figures;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * The facts of one result as a list, those of several as a table with a column for each; what is the same for all is
 * shown once.
 */
final class FactsTable {
    private FactsTable() {}

    /** @param columns the facts of each recipe, by its name; at least one */
    static Html of(Map<String, Map<String, Object>> columns) {
        Collection<Map<String, Object>> facts = columns.values();
        if (facts.size() == 1) {
            return ReportDrawing.facts(facts.iterator().next());
        }
        List<String> names =
                facts.stream().flatMap(one -> one.keySet().stream()).distinct().toList();
        return Html.of(
                """
                <table role="table" class="figures beside">
                <caption class="unseen">A column for each recipe</caption>
                <thead role="rowgroup"><tr role="row"><td role="cell"></td>{}</tr></thead>
                <tbody role="rowgroup">{}</tbody>
                </table>
                """, Html.each(columns.keySet(), FactsTable::heading), Html.each(names, name -> row(name, facts)));
    }

    private static Html heading(String recipe) {
        return Html.of("<th role=\"columnheader\" scope=\"col\">{}</th>", recipe);
    }

    private static Html row(String name, Collection<Map<String, Object>> facts) {
        List<Object> values =
                facts.stream().map(one -> one.getOrDefault(name, Figures.NONE)).toList();
        boolean same = values.stream().distinct().count() == 1;
        return Html.of(
                "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{}</tr>\n",
                name,
                same
                        ? Html.of("<td role=\"cell\" colspan=\"{}\">{}</td>", values.size(), values.getFirst())
                        : Html.each(values, value -> Html.of("<td role=\"cell\">{}</td>", value)));
    }
}
