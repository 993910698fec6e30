package dev.quern.recipes.json;

/** A JSON string. */
public record JsonString(String value) implements JsonValue {}
