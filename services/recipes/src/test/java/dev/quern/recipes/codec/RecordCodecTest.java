package dev.quern.recipes.codec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Nearest;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.KeyView;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RecordCodecTest {
    private static final Recipe RECIPE = new Recipe(
            "gptq-w4a16",
            Propagation.INDEPENDENT,
            new Grid(4, 128, true, ClipSearch.MSE),
            new Gptq(Order.STATIC, 0.01),
            true);
    private static final String TEXT =
            "{\"apiVersion\":\"quern/v1\",\"name\":\"gptq-w4a16\",\"propagation\":\"independent\","
                    + "\"grid\":{\"bits\":4,\"groupSize\":128,\"symmetric\":true,\"clipSearch\":\"mse\"},"
                    + "\"rounding\":{\"method\":\"gptq\",\"order\":\"static\",\"damping\":0.01},\"reproducible\":true}";

    @Test
    void aRecipeIsItsText() {
        assertThat(Json.write(RecordCodec.write(RECIPE))).isEqualTo(TEXT);
        assertThat(read(TEXT)).isEqualTo(RECIPE);
    }

    @Test
    void aCaseWithoutComponentsIsItsName() {
        Recipe nearest = new Recipe("n", Propagation.INDEPENDENT, RECIPE.grid(), new Nearest(), true);
        assertThat(Json.write(RecordCodec.write(nearest))).contains("\"rounding\":{\"method\":\"nearest\"}");
        assertThat(RecordCodec.read(RecordCodec.write(nearest), Recipe.class)).isEqualTo(nearest);
    }

    private record Constants(KeyView.Scope scope, JobState state) {}

    @Test
    void anEnumIsWrittenInLowerCaseOrAsItIsNamed() {
        Constants constants = new Constants(KeyView.Scope.ADMIN, JobState.COMPLETED);
        JsonValue json = Json.parse("{\"scope\":\"admin\",\"state\":\"COMPLETED\"}");

        assertThat(RecordCodec.write(constants)).isEqualTo(json);
        assertThat(RecordCodec.read(json, Constants.class)).isEqualTo(constants);
    }

    private record Range(int from, @Default("9") int to) {
        Range {
            if (from > to) {
                throw new IllegalArgumentException("from: " + from + " (expected: at most " + to + ")");
            }
        }
    }

    private record Grouped(String name, @Flat Range range) {}

    @Test
    void theMembersOfAGroupStandInTheObjectAroundIt() {
        JsonValue json = Json.parse("{\"name\":\"a\",\"from\":1,\"to\":9}");

        assertThat(RecordCodec.write(new Grouped("a", new Range(1, 9)))).isEqualTo(json);
        assertThat(RecordCodec.read(json, Grouped.class)).isEqualTo(new Grouped("a", new Range(1, 9)));
        assertThat(RecordCodec.read(Json.parse("{\"name\":\"a\",\"from\":2}"), Grouped.class)
                        .range())
                .isEqualTo(new Range(2, 9));
        assertThat(Json.write(RecordSchema.of(Grouped.class)))
                .contains("\"name\":{", "\"from\":{", "\"required\":[\"name\",\"from\"]")
                .doesNotContain("range");
    }

    @Test
    void aGroupIsCheckedAsAPartOfTheObjectAroundIt() {
        assertThatThrownBy(() -> RecordCodec.read(Json.parse("{\"name\":\"a\",\"from\":10}"), Grouped.class))
                .hasMessage("from: 10 (expected: at most 9)");
        assertThatThrownBy(() -> RecordCodec.read(Json.parse("{\"name\":\"a\"}"), Grouped.class))
                .hasMessage("from: missing (expected: a whole number)");
        assertThatThrownBy(
                        () -> RecordCodec.read(Json.parse("{\"name\":\"a\",\"from\":1,\"range\":{}}"), Grouped.class))
                .hasMessage("range: unknown field (expected one of: from, name, to)");
    }

    private record OfOneCase(Nearest rounding) {}

    /** What is written names the case, so it is read where no other can stand. */
    @Test
    void aCaseIsReadByItsOwnType() {
        OfOneCase one = new OfOneCase(new Nearest());
        String text = Json.write(RecordCodec.write(one));
        assertThat(text).isEqualTo("{\"rounding\":{\"method\":\"nearest\"}}");
        assertThat(RecordCodec.read(Json.parse(text), OfOneCase.class)).isEqualTo(one);
        assertThatThrownBy(() -> RecordCodec.read(Json.parse(text.replace("nearest", "gptq")), OfOneCase.class))
                .hasMessage("rounding.method: gptq (expected: nearest)");
    }

    @Test
    void reproducibleIsTheDefault() {
        assertThat(read(TEXT.replace(",\"reproducible\":true", "")).reproducible())
                .isTrue();
    }

    @Test
    void aRequestMayHoldARecipe() {
        String text = "{\"apiVersion\":\"quern/v1\",\"source\":{\"path\":\"/m\"},\"recipe\":{\"inline\":" + TEXT
                + "},\"outputs\":[{\"format\":\"compressed-tensors\"}],\"labels\":{\"a\":\"b\"}}";
        JobRequest request = RecordCodec.read(Json.parse(text), JobRequest.class);

        assertThat(request.recipe()).isEqualTo(new JobRequest.RecipeChoice(null, RECIPE));
        assertThat(request.evaluation()).isEmpty();
        assertThat(request.calibration()).isNull();
        assertThat(request.detach()).isFalse();
        assertThat(request.labels()).containsExactly(Map.entry("a", "b"));
        assertThat(RecordCodec.read(RecordCodec.write(request), JobRequest.class))
                .isEqualTo(request);
    }

    @Test
    void aMemberMayHaveANameThatJavaDoesNotAllow() {
        JobRequest.Placement placement = new JobRequest.Placement("gpu", 4);
        JsonValue json = RecordCodec.write(placement);

        assertThat(Json.write(json)).isEqualTo("{\"class\":\"gpu\",\"segments\":4}");
        assertThat(RecordCodec.read(json, JobRequest.Placement.class)).isEqualTo(placement);
        assertThatThrownBy(() -> RecordCodec.read(Json.parse("{\"workerClass\":\"gpu\"}"), JobRequest.Placement.class))
                .hasMessage("workerClass: unknown field (expected one of: class, segments)");
    }

    @Test
    void instantsAndOpenMapsAreKept() {
        JobEvent event = new JobEvent(7, "linear", Instant.parse("2026-01-31T12:00:00.5Z"), Map.of("error", 0.25));
        JsonValue json = RecordCodec.write(event);

        assertThat(Json.write(json))
                .isEqualTo(
                        "{\"id\":7,\"type\":\"linear\",\"at\":\"2026-01-31T12:00:00.500Z\",\"data\":{\"error\":0.25}}");
        assertThat(RecordCodec.read(json, JobEvent.class)).isEqualTo(event);
    }

    @Test
    void nineBitsAreRefused() {
        assertThatThrownBy(() -> read(TEXT.replace("\"bits\":4", "\"bits\":9")))
                .isInstanceOfSatisfying(QuernException.class, e -> {
                    assertThat(e.code()).isEqualTo(ErrorCode.INVALID_RECIPE);
                    assertThat(e).hasMessage("grid.bits: 9 (expected: 2 to 8)");
                    assertThat(e.violations())
                            .containsExactly(new Violation("/grid/bits", "grid.bits: 9 (expected: 2 to 8)"));
                });
    }

    @Test
    void anUnknownKeyIsRefusedByName() {
        assertThatThrownBy(() -> read(TEXT.replace("groupSize", "group_size")))
                .hasMessage("grid.group_size: unknown field (expected one of: bits, clipSearch, groupSize, symmetric)");
    }

    @Test
    void aFloodOfWrongMembersIsAShortError() {
        String long1 = "n".repeat(100_000);
        StringBuilder flood = new StringBuilder("{\"" + long1 + "\":1");
        for (int i = 0; i < 50_000; i++) {
            flood.append(",\"u").append(i).append("\":1");
        }
        QuernException e = catchThrowableOfType(QuernException.class, () -> read(flood + "}"));

        assertThat(e.violations()).hasSize(100);
        assertThat(e.violations().getFirst().message()).hasSizeLessThan(500);
        assertThat(e.violations().getFirst().pointer()).hasSizeLessThan(300);
    }

    @Test
    void textThatNoDatabaseHoldsIsRefused() {
        for (String bad : List.of("\\u0000", "\\ud800", "\\udc00x")) {
            assertThatThrownBy(() -> read(TEXT.replace("\"gptq-w4a16\"", "\"a" + bad + "\"")))
                    .hasMessageContaining("(expected: a string without NUL and halves of surrogate pairs)");
        }
        assertThat(read(TEXT.replace("\"gptq-w4a16\"", "\"a\\ud83d\\ude00\"")).name())
                .isEqualTo("a\ud83d\ude00");
    }

    @Test
    void allErrorsComeTogether() {
        String text =
                "{\"name\":5,\"propagation\":\"both\",\"grid\":{\"bits\":4.5,\"groupSize\":-1,\"symmetric\":\"yes\","
                        + "\"clipSearch\":\"mse\"},\"rounding\":{\"method\":\"awq\"},\"a/b\":1}";
        QuernException e = catchThrowableOfType(QuernException.class, () -> read(text));

        assertThat(e.violations())
                .containsExactly(
                        new Violation(
                                "/a~1b",
                                "a/b: unknown field (expected one of: activations, grid, mask, name, overrides, propagation, reproducible,"
                                        + " rounding, transform)"),
                        new Violation("/name", "name: 5 (expected: a string)"),
                        new Violation("/propagation", "propagation: both (expected: independent or sequential)"),
                        new Violation("/grid/bits", "grid.bits: 4.5 (expected: a whole number)"),
                        new Violation("/grid/groupSize", "grid.groupSize: -1 (expected: a whole number or auto)"),
                        new Violation("/grid/symmetric", "grid.symmetric: yes (expected: true or false)"),
                        new Violation(
                                "/rounding/method",
                                "rounding.method: awq (expected one of: nearest, gptq, yaqa, obr)"));
    }

    @Test
    void missingMembersAreNamed() {
        QuernException e = catchThrowableOfType(QuernException.class, () -> read("{\"rounding\":{}}"));
        assertThat(e.violations().stream().map(Violation::message))
                .containsExactly(
                        "grid: missing (expected: an object)",
                        "rounding.method: missing (expected one of: nearest, gptq, yaqa, obr)");
        assertThatThrownBy(() -> read("[]")).hasMessage("[] (expected: an object)");
        assertThatThrownBy(() -> read(TEXT.replace("quern/v1", "quern/v2")))
                .hasMessage("apiVersion: quern/v2 (expected: quern/v1)");
    }

    record Figures(List<Double> values, long count, float f, JsonValue raw) {}

    @Test
    void elementsAreNamedByIndex() {
        assertThatThrownBy(() -> RecordCodec.read(
                        Json.parse("{\"values\":[1,\"x\"],\"count\":1e3,\"f\":0.1,\"raw\":[]}"), Figures.class))
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.violations())
                                .containsExactly(new Violation("/values/1", "values[1]: x (expected: a number)")));
        Figures figures = new Figures(List.of(1.0, 0.1), 1L << 60, 0.1f, JsonNull.NULL);
        assertThat(RecordCodec.read(RecordCodec.write(figures), Figures.class)).isEqualTo(figures);
    }

    @Test
    void infinityIsNotWritten() {
        assertThatThrownBy(() -> RecordCodec.write(new Figures(List.of(), 1, Float.POSITIVE_INFINITY, JsonNull.NULL)))
                .hasMessage("f.number: Infinity (expected: finite, JSON has no other)");
    }

    private record Measured(
            @Word(Word.NOT_FINITE) double figure,
            @Word(Word.NOT_FINITE) @Nullable Double other) {}

    @Test
    void aFigureThatIsNotFiniteIsAWord() {
        for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
            JsonValue json = RecordCodec.write(new Measured(value, value));

            assertThat(Json.write(json)).isEqualTo("{\"figure\":\"not finite\",\"other\":\"not finite\"}");
            assertThat(RecordCodec.read(json, Measured.class)).isEqualTo(new Measured(Double.NaN, Double.NaN));
        }
        Measured finite = new Measured(0, null);
        assertThat(Json.write(RecordCodec.write(finite))).isEqualTo("{\"figure\":0}");
        assertThat(RecordCodec.read(RecordCodec.write(finite), Measured.class)).isEqualTo(finite);
        assertThatThrownBy(() -> RecordCodec.read(Json.parse("{\"figure\":\"NaN\"}"), Measured.class))
                .hasMessage("figure: NaN (expected: a number or not finite)");
    }

    private static Recipe read(String text) {
        return RecordCodec.read(Json.parse(text), Recipe.class, ErrorCode.INVALID_RECIPE);
    }
}
