package dev.quern.cli;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.List;

/** As much of JSON Schema as docs/report.schema.json uses. */
final class Schema {
    private final JsonObject schema;
    private final List<String> violations = new ArrayList<>();

    Schema(JsonObject schema) {
        this.schema = schema;
    }

    List<String> violations(JsonValue value) {
        check("", schema, value);
        return violations;
    }

    private void check(String at, JsonObject rule, JsonValue value) {
        constants(at, rule, value);
        if (rule.get("type") instanceof JsonString(String type) && !isA(type, value)) {
            violations.add(at + ": " + Json.write(value) + " is not of type " + type);
        } else if (value instanceof JsonObject object) {
            members(at, rule, object);
        } else if (value instanceof JsonArray array) {
            items(at, rule, array);
        } else if (value instanceof JsonNumber number) {
            bounds(at, rule, number);
        } else if (value instanceof JsonString(String text)
                && rule.get("pattern") instanceof JsonString(String pattern)) {
            require(text.matches(pattern), at + ": " + text + " does not match " + pattern);
        }
    }

    private void constants(String at, JsonObject rule, JsonValue value) {
        JsonValue expected = rule.get("const");
        if (expected != null) {
            require(expected.equals(value), at + ": is not " + Json.write(expected));
        }
        if (rule.get("enum") instanceof JsonArray allowed) {
            require(allowed.values().contains(value), at + ": is none of " + Json.write(allowed));
        }
    }

    private static boolean isA(String type, JsonValue value) {
        return switch (type) {
            case "object" -> value instanceof JsonObject;
            case "array" -> value instanceof JsonArray;
            case "string" -> value instanceof JsonString;
            case "boolean" -> value instanceof JsonBool;
            case "integer" -> value instanceof JsonNumber number && number.isLong();
            default -> value instanceof JsonNumber;
        };
    }

    private void members(String at, JsonObject rule, JsonObject object) {
        if (rule.get("required") instanceof JsonArray required) {
            required.values()
                    .forEach(name -> require(
                            object.has(((JsonString) name).value()), at + ": " + Json.write(name) + " is missing"));
        }
        JsonObject known = rule.get("properties") instanceof JsonObject properties ? properties : JsonObject.EMPTY;
        object.members().forEach((name, member) -> {
            if (known.get(name) instanceof JsonObject memberRule) {
                check(at + "/" + name, memberRule, member);
            } else if (rule.get("additionalProperties") instanceof JsonObject otherRule) {
                check(at + "/" + name, otherRule, member);
            } else {
                require(!JsonBool.FALSE.equals(rule.get("additionalProperties")), at + "/" + name + ": unknown");
            }
        });
    }

    private void items(String at, JsonObject rule, JsonArray array) {
        if (rule.get("minItems") instanceof JsonNumber least) {
            require(array.size() >= least.longValue(), at + ": too few items");
        }
        if (rule.get("items") instanceof JsonObject itemRule) {
            for (int index = 0; index < array.size(); index++) {
                check(at + "/" + index, itemRule, array.get(index));
            }
        }
    }

    private void bounds(String at, JsonObject rule, JsonNumber number) {
        if (rule.get("minimum") instanceof JsonNumber least) {
            require(number.doubleValue() >= least.doubleValue(), at + ": " + number.text() + " is too small");
        }
        if (rule.get("maximum") instanceof JsonNumber most) {
            require(number.doubleValue() <= most.doubleValue(), at + ": " + number.text() + " is too large");
        }
    }

    private void require(boolean holds, String violation) {
        if (!holds) {
            violations.add(violation);
        }
    }
}
