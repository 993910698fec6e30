package dev.quern.contract.plan;

import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** Reads plans in which the first output stood beside the others, as earlier versions wrote them. */
public final class PlanForm implements UnaryOperator<JsonObject> {
    private static final String FIRST = "outputBytes";
    private static final String OTHERS = "further";
    private static final List<String> COLUMNS = List.of("recipe", FIRST, "bitsPerWeight");

    @Override
    public JsonObject apply(JsonObject plan) {
        if (!plan.has(FIRST)) {
            return plan;
        }
        JsonObject rest = plan.without(OTHERS);
        JsonObject first = JsonObject.EMPTY;
        for (String column : COLUMNS) {
            JsonValue value = plan.get(column);
            if (value != null) {
                first = first.with(column, value);
            }
            rest = rest.without(column);
        }
        List<JsonValue> outputs = new ArrayList<>();
        // The plan of an evaluation had bytes of no output.
        if (first.has("recipe")) {
            outputs.add(first);
        }
        if (plan.get(OTHERS) instanceof JsonArray(List<JsonValue> others)) {
            outputs.addAll(others);
        }
        return rest.with("outputs", new JsonArray(outputs));
    }
}
