package dev.quern.recipes.json;

/** A JSON value. Immutable; equality is by content, of objects without regard to order. */
public sealed interface JsonValue permits JsonObject, JsonArray, JsonString, JsonNumber, JsonBool, JsonNull {
    /** What it is, for messages: {@code an object}, {@code a string} … */
    default String kind() {
        return switch (this) {
            case JsonObject o -> "an object";
            case JsonArray a -> "an array";
            case JsonString s -> "a string";
            case JsonNumber n -> "a number";
            case JsonBool b -> "true or false";
            case JsonNull n -> "null";
        };
    }
}
