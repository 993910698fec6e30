package dev.quern.recipes.drawing;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.ErrorOf;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.LinearView.Board;
import java.util.List;

/** {@code quern-report.html}: the report as one page that needs nothing but itself: no script, no request, no font. */
public final class ReportPage {
    /** The name of its file in the folder of a result. */
    public static final String FILE = "quern-report.html";

    private ReportPage() {}

    /** The whole document. Its own Content-Security-Policy forbids every request and every script. */
    public static String render(Report report) {
        String title = title(report);
        return Html.of(
                        """
                        <!doctype html>
                        <html lang="en">
                        <head>
                        <meta charset="utf-8">
                        <meta name="viewport" content="width=device-width, initial-scale=1">
                        <meta name="color-scheme" content="light dark">
                        <meta http-equiv="Content-Security-Policy" content="{}">
                        <title>{} · Quern report</title>
                        <style>{}</style>
                        </head>
                        <body class="report">
                        <main>
                        {}{}
                        </main>
                        <footer>Made by Quern. The same figures as data: <code>quern-report.json</code>.</footer>
                        </body>
                        </html>
                        """,
                        contentSecurityPolicy(),
                        title,
                        new Html(Theme.css()),
                        header(report, title),
                        sections(report))
                .markup();
    }

    /** For the header of a response that carries the report. */
    public static String contentSecurityPolicy() {
        return "default-src 'none'; base-uri 'none'; form-action 'none'; style-src " + Theme.cspHash();
    }

    private static String title(Report report) {
        if (report.head().name() != null) {
            return report.head().name();
        }
        return report.head().evaluated() == null
                ? Figures.leaf(report.model().source())
                : report.head().evaluated();
    }

    private static Html header(Report report, String title) {
        boolean accepted = report.verdict().accepted();
        return Html.of(
                """
                <header class="head">
                <p class="over">Quern report</p>
                <h1>{}</h1><span class="badges"><span class="badge {}">{}</span>{}</span>
                <p class="sub">{}</p>
                </header>
                {}<div class="numbers">{}</div>
                """,
                title,
                accepted ? "completed" : "quarantined",
                report.verdict().approval() != null ? "approved" : accepted ? "accepted" : "quarantined",
                ReportDrawing.closeness(report.closeness()),
                ReportDrawing.subject(report),
                ReportDrawing.failures(report),
                ReportDrawing.headline(report));
    }

    private static Html sections(Report report) {
        return report.head().evaluated() == null ? compression(report) : evaluation(report);
    }

    private static Html quality(Report report) {
        return section(
                "Quality",
                Html.join(
                        QualityDrawing.evaluations(report.evaluations()),
                        StreamDrawing.of(List.of(report)),
                        Html.of(
                                "<p class=\"aside\">Gate: {}.</p>\n",
                                QualityDrawing.gate(report.verdict().gate())),
                        ReportDrawing.notes(report.notes())));
    }

    private static Html evaluation(Report report) {
        return Html.join(
                quality(report), Html.of("<div class=\"columns\">{}</div>\n", ReportDrawing.evaluationFacts(report)));
    }

    private static Html compression(Report report) {
        Board board = ReportDrawing.board(report);
        Recipe recipe = report.knownRecipe();
        HeldOut heldOut = HeldOut.of(report);
        return Html.join(
                quality(report),
                section(
                        "Error of every linear",
                        Html.join(
                                Html.of("<p class=\"aside\">{}</p>\n", QualityDrawing.summary(board.linears())),
                                BoardDrawing.scaleSwitch(),
                                BoardDrawing.board(board, ErrorOf.of(recipe), heldOut))),
                Html.of(
                        "<div class=\"columns\">{}{}{}{}{}{}{}</div>\n",
                        section("Largest errors", QualityDrawing.worst(board.linears(), heldOut)),
                        section("Sizes", ReportDrawing.facts(ReportDrawing.sizeFacts(report))),
                        section("Calibrated on", ReportDrawing.calibration(report)),
                        section("Recipe", ReportDrawing.facts(ReportDrawing.recipeFacts(recipe))),
                        section(
                                "Load it",
                                LoadingDrawing.of(
                                        report.model().format(),
                                        recipe,
                                        report.model().source() + "-" + recipe.name())),
                        section("Time", ReportDrawing.time(report)),
                        section("Provenance", ReportDrawing.facts(ReportDrawing.originFacts(report)))));
    }

    /** A titled part of a page. */
    public static Html section(String title, Html content) {
        return Html.of("<section><h2>{}</h2>\n{}</section>\n", title, content);
    }
}
