package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.fit.GridMap;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Notes are published: they name texts without their folders. */
class NotesTest {
    private static final TokenWindows TEXT =
            new TokenWindows("/data/mine.jsonl", 4, new int[] {1, 2, 3, 4, 1, 2, 3, 5});

    @Test
    void aTextThatIsTooShortIsNoted() {
        assertThat(ReportParts.shortText("calibration", TEXT, 2)).isEmpty();
        assertThat(ReportParts.shortText("calibration", TEXT, 128))
                .hasValue("calibration: 2 of 128 windows of 4 tokens: mine.jsonl has no more text");
    }

    @Test
    void chatsAreNotedWithTheirTemplate() {
        TokenWindows chats = new TokenWindows("/data/chats.jsonl", "chat_template.jinja", 2, new int[] {1, 2});

        assertThat(ReportParts.chats("calibration", TEXT)).isEmpty();
        assertThat(ReportParts.chats("calibration", chats))
                .hasValue(
                        "calibration: chats of chats.jsonl were read through the model's chat template, chat_template.jinja");
    }

    @Test
    void aTextThatTheRecipeDoesNotReadIsNoted() {
        assertThat(ReportParts.unusedText(TEXT, Recipes.find("rtn-w4a16")))
                .isEqualTo("calibration: mine.jsonl was not used: rtn-w4a16 reads no calibration text");
    }

    @Test
    void anOriginalThatDoesNotUnderstandTheTextIsNoted() {
        assertThat(ReportParts.implausible(evaluation(50), TEXT, 100)).isEmpty();
        assertThat(ReportParts.implausible(evaluation(101), TEXT, 100))
                .hasValue("mine.jsonl: perplexity 101.0 of the original: this model does not read this text well:"
                        + " wrong tokenizer, wrong head or wrong rope?");
    }

    /** A recipe cannot help it. */
    @Test
    void anOriginalWithoutFiniteFiguresIsNoted() {
        Report.Evaluation overflow = evaluation(Double.NaN);
        Report.Verdict refused = GateCheck.judge(Gate.NONE, List.of(overflow));

        assertThat(ReportParts.implausible(overflow, TEXT, 100))
                .hasValue(
                        "mine.jsonl: the original itself has no finite perplexity on this text, so the figures do not say"
                                + " what compression cost");
        assertThat(ReportParts.diagnosis(refused, List.of(overflow), List.of(), Recipes.find("rtn-w4a16")))
                .isEmpty();
        Report.Evaluation result = new Report.Evaluation("mine.jsonl", 10, Double.NaN, Double.NaN, Double.NaN, 0, 6, 4);
        assertThat(ReportParts.diagnosis(
                        GateCheck.judge(Gate.NONE, List.of(result)),
                        List.of(result),
                        List.of(),
                        Recipes.find("rtn-w4a16")))
                .singleElement()
                .asString()
                .startsWith("Try the recipe gptq-best-w4a16 next");
    }

    @Test
    void inputsThatTheTextDidNotReachAreNoted() {
        Report.Linear linear = new Report.Linear(
                0,
                "model.layers.0.mlp.down_proj",
                8,
                16,
                4,
                8,
                new LinearFigures(0.1, 0.2, 0.01, 0, null, 3, 1.0),
                0.5);

        GridMap grids = new GridMap(
                Map.of(new LinearId("model.layers.0.", "mlp.down_proj"), Optional.of(new IntegerShape(4, 128, true))));

        assertThat(ReportParts.notes(Formats.COMPRESSED_TENSORS, grids, Recipes.find("gptq-w4a16"), List.of(linear)))
                .contains(
                        "model.layers.0.mlp.down_proj: 3 of 16 inputs were zero on the whole calibration text, their weights"
                                + " are rounded to nearest");
    }

    private static Report.Evaluation evaluation(double perplexity) {
        return new Report.Evaluation("mine.jsonl", perplexity, perplexity, 0, 0, 1, 6, 4);
    }
}
