package dev.quern.contract.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobPlanTest {
    private static final Recipe FOUR = Recipes.find("gptq-w4a16");
    private static final Recipe EIGHT = Recipes.find("gptq-w8a16");
    private static final JsonObject COMMON = (JsonObject) Json.parse("""
            {"source":"/model","sourceStamp":"s","modelDigest":"m","calibration":"c","calibrationDigest":"d",
             "evaluations":["e"],"windowsPerTile":2,"tokensPerTile":256,"tilesInFlight":4,"segments":1,"blocks":3,
             "profile":"p","backend":"b","sliceSeconds":120.0,"secondsPerBlock":1.5,"statisticsBytes":10,"peakBytes":20,
             "scratchBytes":30,"weightsCompressed":40}""");

    /** As plans were written before outputs were a list. */
    @Test
    void anOlderPlanIsRead() {
        JsonObject older = COMMON.with("recipe", RecordCodec.write(FOUR))
                .with("outputBytes", 50)
                .with("bitsPerWeight", Json.parse("4.5"))
                .with("further", new JsonArray(List.of(output(EIGHT, 90, "8.5"))));

        assertThat(read(older).outputs())
                .containsExactly(new JobPlan.Output(FOUR, 50, 4.5), new JobPlan.Output(EIGHT, 90, 8.5));
    }

    @Test
    void anOlderPlanOfAnEvaluationHasNoOutput() {
        JsonObject older = COMMON.with("outputBytes", 0).with("bitsPerWeight", Json.parse("0"));

        assertThat(read(older).outputs()).isEmpty();
    }

    @Test
    void aPlanIsReadAsItIsWritten() {
        JobPlan plan = read(COMMON.with("outputs", new JsonArray(List.of(output(FOUR, 50, "4.5")))));

        assertThat(read(RecordCodec.write(plan))).isEqualTo(plan);
        assertThat(plan.work().sharedUnits()).isZero();
        assertThat(plan.model().digest()).isEqualTo("m");
    }

    private static JsonValue output(Recipe recipe, long bytes, String bits) {
        return JsonObject.EMPTY
                .with("recipe", RecordCodec.write(recipe))
                .with("outputBytes", bytes)
                .with("bitsPerWeight", Json.parse(bits));
    }

    private static JobPlan read(JsonValue plan) {
        return RecordCodec.read(plan, JobPlan.class);
    }
}
