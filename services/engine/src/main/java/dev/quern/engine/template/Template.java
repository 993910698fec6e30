package dev.quern.engine.template;

import dev.quern.engine.template.syntax.Statement;
import dev.quern.engine.template.syntax.TemplateParser;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A chat template. It is rendered as transformers renders it with jinja2: same syntax, same blank space, same
 * functions. It reaches nothing but the values that it is given, and its work is bounded. Source:
 * https://jinja.palletsprojects.com/en/stable/templates/ and {@code transformers/utils/chat_template_utils.py}.
 * Immutable.
 */
public final class Template {
    private static final int MAX_LENGTH = 1 << 20;
    private static final String TOO_DEEP = "nested too deeply";

    private final List<Statement> statements;

    private Template(List<Statement> statements) {
        this.statements = statements;
    }

    /** @throws TemplateException for what is no template, or uses what chat templates have no use for */
    public static Template parse(String source) {
        if (source.length() > MAX_LENGTH) {
            throw TemplateException.at(1, source.length() + " characters (expected: at most " + MAX_LENGTH + ")");
        }
        return bounded(() -> new Template(TemplateParser.parse(source)));
    }

    /**
     * The text that the template makes of values.
     *
     * @throws TemplateException for what Python would not do either, for a template that refuses the values, and for
     *     too much work
     */
    public String render(JsonObject variables) {
        Map<String, Object> values = new LinkedHashMap<>();
        variables.members().forEach((name, value) -> values.put(name, value(value)));
        return bounded(() -> Renderer.render(statements, values));
    }

    /** What nests without end would end the stack; nothing is half done when it does. */
    private static <T> T bounded(Supplier<T> work) {
        try {
            return work.get();
        } catch (StackOverflowError e) {
            throw TemplateException.at(1, TOO_DEEP);
        }
    }

    /** As Python reads it: 1.0 is no integer. */
    private static Object number(JsonNumber number) {
        if (number.text().chars().anyMatch(c -> c == '.' || c == 'e' || c == 'E')) {
            return number.doubleValue();
        }
        if (!number.isLong()) {
            throw TemplateException.at(1, number.text() + ": too large (expected: an integer of 64 bits)");
        }
        return number.longValue();
    }

    private static Object value(JsonValue json) {
        return switch (json) {
            case JsonString(String text) -> text;
            case JsonNumber number -> number(number);
            case JsonBool truth -> truth.value();
            case JsonNull none -> None.NONE;
            case JsonArray(List<JsonValue> items) -> {
                List<Object> values = new ArrayList<>();
                items.forEach(item -> values.add(value(item)));
                yield values;
            }
            case JsonObject object -> {
                Map<Object, Object> values = new LinkedHashMap<>();
                object.members().forEach((key, member) -> values.put(key, value(member)));
                yield values;
            }
        };
    }
}
