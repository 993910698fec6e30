package dev.quern.recipes.report;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.RecordComponent;
import java.util.function.UnaryOperator;

/** Reads records of linears in which the figures stood beside the shape, as earlier versions wrote them. */
public final class FiguresForm implements UnaryOperator<JsonObject> {
    private static final String FIGURES = "figures";

    @Override
    public JsonObject apply(JsonObject linear) {
        if (linear.has(FIGURES)) {
            return linear;
        }
        JsonObject shape = linear;
        JsonObject figures = JsonObject.EMPTY;
        for (RecordComponent component : LinearFigures.class.getRecordComponents()) {
            JsonValue value = linear.get(component.getName());
            if (value != null) {
                shape = shape.without(component.getName());
                figures = figures.with(component.getName(), value);
            }
        }
        return shape.with(FIGURES, figures);
    }
}
