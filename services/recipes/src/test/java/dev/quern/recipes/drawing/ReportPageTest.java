package dev.quern.recipes.drawing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Gate;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Reports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ReportPageTest {
    private static final Pattern CELL = Pattern.compile("<td role=\"cell\" id=\"c\\d+-\\d\" class=\"h\\d+");

    @Test
    void drawsACellForEveryLinearAndEveryEvaluation() {
        String page = ReportPage.render(Reports.accepted());

        assertThat(CELL.matcher(page).results()).hasSize(36 * 7);
        assertThat(page).contains("wt2_test.txt", "38.292", "38.701", "0.009880", ">accepted<", "4.156", "gptq-w4a16");
    }

    /** No board of zeros, no card that has nothing to say, and no way to load a report. */
    @Test
    void showsOfAnEvaluationWhatItHas() {
        String known = ReportPage.render(Reports.evaluation(Reports.accepted().recipe()));
        String unknown = ReportPage.render(Reports.evaluation(null));

        assertThat(known)
                .contains("evaluation of <strong>Qwen3-8B-small</strong> against Qwen3-8B", "38.292", ">accepted<")
                .contains("<h2>Recipe</h2>", "gptq-w4a16", "<h2>Calibrated on</h2>", "result digest")
                .doesNotContain("Error of every linear", "Largest errors", "Load it", "segments");
        assertThat(unknown).contains("38.292").doesNotContain("<h2>Recipe</h2>", "<h2>Calibrated on</h2>");
    }

    /** A block is a column of the drawing; the line begins below, without an error, and ends at the last block. */
    @Test
    void drawsTheErrorAlongTheModel() {
        String page = ReportPage.render(Reports.of(4, 0.01, new Report.Verdict(true, Gate.NONE, List.of())));

        assertThat(page)
                .contains("<svg viewBox=\"0 0 4 100\"")
                .contains("<path class=\"line l0\" d=\"M0 100L1 90.00L2 85.86L3 32.68L4 30.00\"/>")
                .contains("<rect class=\"start\" x=\"2\"")
                .contains("wt2_test.txt: 1.00 % after the first block, 7.00 % after the last")
                .contains("<tr><th scope=\"row\">2</th><td>6.73 %</td><td>5.39 %</td></tr>");
    }

    /** Those of the first text. */
    @Test
    void errorsOnOtherTextStandBesideThoseOfCalibration() {
        Report made = Reports.accepted();
        Report.Linear linear = made.linears().getFirst();
        Report.Evaluation text = evaluation(List.of(new Report.LinearError(linear.name(), 0.0121)));
        Report.Evaluation overflow = evaluation(List.of(new Report.LinearError(linear.name(), Double.NaN)));

        assertThat(ReportPage.render(made)).contains(">held out</abbr></th>");
        assertThat(ReportPage.render(Reports.of(1, 0.0081, made.verdict(), List.of(text, overflow))))
                .contains(
                        "block 0 self_attn.q_proj: error",
                        ", on other text " + Figures.error(0.0121) + ", plain rounding");
        assertThat(ReportPage.render(Reports.of(1, 0.0081, made.verdict(), List.of(overflow, text))))
                .contains(", on other text not finite, plain rounding");
        assertThat(ReportPage.render(Reports.of(1, 0.0081, made.verdict(), List.of(evaluation(null)))))
                .doesNotContain("held out", "on other text");
    }

    /** A figure that is not finite is a word in the data. */
    @Test
    void errorsOnOtherTextComeBackFromTheData() {
        Report report = Reports.of(
                1,
                0.1,
                Reports.accepted().verdict(),
                List.of(evaluation(
                        List.of(new Report.LinearError("a", 0.5), new Report.LinearError("b", Double.NaN)))));
        JsonValue json = RecordCodec.write(report);

        assertThat(Json.write(json))
                .contains("\"linearErrors\":[{\"name\":\"a\",\"relativeError\":0.5},"
                        + "{\"name\":\"b\",\"relativeError\":\"not finite\"}]");
        assertThat(RecordCodec.read(json, Report.class)).isEqualTo(report);
    }

    private static Report.Evaluation evaluation(@Nullable List<Report.LinearError> linears) {
        return new Report.Evaluation("a.txt", 10, 11, 0.1, 1, 0.9, 100, 10, "d0".repeat(32), null, linears);
    }

    @Test
    void drawsNothingWhereAnOlderReportSaysNothing() {
        Report.Evaluation old = new Report.Evaluation("a.txt", 10, 11, 0.1, 1, 0.9, 100, 10);
        Report.Verdict accepted = new Report.Verdict(true, Gate.NONE, List.of());

        assertThat(ReportPage.render(Reports.of(2, 0.1, accepted, List.of(old))))
                .doesNotContain("<svg");
    }

    @Test
    void asksForNothingOutsideItself() {
        String page = ReportPage.render(Reports.accepted());

        assertThat(page).doesNotContain("<script", "src=", "href=", "url(", "@import", "style=");
        assertThat(page).contains("default-src 'none'".replace("'", "&#39;"));
    }

    @Test
    void namesTheConditionsThatFailed() {
        Report.Verdict verdict = new Report.Verdict(
                false, new Gate(0.005, null, null), List.of("wt2_test.txt: KL mean 0.00988 (expected: at most 0.005)"));

        String page = ReportPage.render(Reports.of(2, 0.1, verdict));

        assertThat(page)
                .contains(
                        "The result did not pass its gate.",
                        "KL mean 0.00988 (expected: at most 0.005)",
                        ">quarantined<");
    }

    /** 0.0081 is the square of 9 %. */
    @Test
    void errorsAreRootsOfWhatTheReportHolds() {
        Report report = Reports.of(1, 0.0081, new Report.Verdict(true, Gate.NONE, List.of()));
        double worst = report.linears().stream()
                .mapToDouble(linear -> linear.figures().relativeError())
                .max()
                .orElseThrow();

        assertThat(ReportPage.render(report)).contains("largest " + Figures.percent(Math.sqrt(worst)));
        assertThat(Figures.error(0.0081)).isEqualTo("9.00 %");
    }

    @Test
    void saysWhoAcceptedWhatTheGateRefused() {
        Report report = Reports.of(1, 0.1, new Report.Verdict(false, Gate.NONE, List.of("a.txt: perplexity ratio 3.1")))
                .approved(new Report.Approval(Instant.parse("2026-11-29T12:00:00Z"), "alice", "for a talk"));

        assertThat(ReportPage.render(report))
                .contains(
                        "Approved by alice at 2026-11-29T12:00:00Z: for a talk.", "perplexity ratio 3.1", ">approved<")
                .doesNotContain(">quarantined<");
    }

    @Test
    void textFromOutsideStaysText() {
        Report.Verdict verdict = new Report.Verdict(false, Gate.NONE, List.of("<script>alert(\"1\")</script>"));

        String page = ReportPage.render(Reports.of(1, 0.1, verdict));

        assertThat(page)
                .contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;")
                .doesNotContain("<script");
    }

    /** For the eye: target/report-*.html. */
    @Test
    void writesSamples() throws IOException {
        Path folder = Files.createDirectories(Path.of("target", "reports"));
        for (int blocks : List.of(6, 36, 80)) {
            Report report = Reports.of(blocks, 0.008, new Report.Verdict(true, Gate.NONE, List.of()));
            Path file = folder.resolve("report-" + blocks + ".html");
            assertThat(Files.writeString(file, ReportPage.render(report))).isNotEmptyFile();
        }
    }
}
