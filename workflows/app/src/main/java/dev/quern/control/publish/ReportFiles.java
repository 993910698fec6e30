package dev.quern.control.publish;

import dev.quern.engine.verify.Manifests;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.drawing.ModelCard;
import dev.quern.recipes.drawing.ReportPage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What Quern writes beside a result for people, by file name.
 *
 * @param json the report, as the row keeps it too
 */
record ReportFiles(String json, Map<String, byte[]> contents) {
    /** In the order in which they are published. */
    static final List<String> NAMES = List.of(Report.NAME, ReportPage.FILE, Recipe.FILE, Manifests.CARD);
    /** The same for an evaluation. */
    static final List<String> REPORT_NAMES = List.of(Report.NAME, ReportPage.FILE);

    static ReportFiles of(Report report, ModelCard card) {
        ReportFiles reports = ofReport(report);
        Map<String, byte[]> contents = new HashMap<>(reports.contents());
        contents.put(Recipe.FILE, pretty(report.knownRecipe()).getBytes(StandardCharsets.UTF_8));
        contents.put(Manifests.CARD, card.render().getBytes(StandardCharsets.UTF_8));
        return new ReportFiles(reports.json(), contents);
    }

    /** The report, as JSON and as a page. */
    static ReportFiles ofReport(Report report) {
        String json = pretty(report);
        return new ReportFiles(
                json,
                Map.of(
                        Report.NAME,
                        json.getBytes(StandardCharsets.UTF_8),
                        ReportPage.FILE,
                        ReportPage.render(report).getBytes(StandardCharsets.UTF_8)));
    }

    private static String pretty(Record content) {
        return Json.writePretty(RecordCodec.write(content)) + "\n";
    }
}
