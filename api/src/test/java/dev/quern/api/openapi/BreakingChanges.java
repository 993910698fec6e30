package dev.quern.api.openapi;

import dev.quern.recipes.codec.Word;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a client of an older document would stumble over in a newer one: something that is gone, something of another
 * type, something that has become required where the client sends it, or may be missing where it reads. (Answers may
 * come to hold more, and a number a word for what is not finite: no answer could hold that before.)
 */
final class BreakingChanges {
    private static final String SCHEMAS = "/components/schemas/";

    private final List<String> found = new ArrayList<>();
    private final Set<String> sent = new HashSet<>();
    private final Set<String> answered = new HashSet<>();
    private final JsonObject newer;

    private BreakingChanges(JsonObject newer) {
        this.newer = newer;
    }

    static List<String> between(JsonObject older, JsonObject newer) {
        BreakingChanges changes = new BreakingChanges(newer);
        changes.collect(newer.get("paths"), "requestBody", changes.sent, false);
        changes.collect(newer.get("paths"), "responses", changes.answered, false);
        changes.compare("", older.get("paths"), newer.get("paths"));
        changes.compare("/components", older.get("components"), newer.get("components"));
        return List.copyOf(changes.found);
    }

    private void compare(String place, @Nullable JsonValue older, @Nullable JsonValue newer) {
        if (older == null) {
            return;
        }
        if (newer == null && place.endsWith("/required") && !isAnswered(place)) {
            return;
        }
        if (newer == null) {
            found.add(place + ": gone");
            return;
        }
        switch (older) {
            case JsonObject before
            when newer instanceof JsonObject after -> {
                if (!isWithWord(before, after)) {
                    objects(place, before, after);
                }
            }
            case JsonArray before when newer instanceof JsonArray after -> arrays(place, before, after);
            default -> {
                if (!older.equals(newer) && !mayChange(place)) {
                    found.add(place + ": changed");
                }
            }
        }
    }

    /** Words, and what the service chooses where a client leaves the choice to it. */
    private static boolean mayChange(String place) {
        return place.endsWith("/summary") || place.endsWith("/description") || place.endsWith("/default");
    }

    private void objects(String place, JsonObject older, JsonObject newer) {
        older.members().forEach((name, value) -> compare(place + "/" + name, value, newer.get(name)));
        if (newer.has("required") && !older.has("required") && isSent(place)) {
            found.add(place + "/required: added");
        }
    }

    private static boolean isWithWord(JsonObject older, JsonObject newer) {
        JsonObject word = Schemas.simple("string").with("enum", Schemas.strings(List.of(Word.NOT_FINITE)));
        return new JsonArray(List.of(word, wordless(older))).equals(newer.get("anyOf"));
    }

    private void arrays(String place, JsonArray older, JsonArray newer) {
        boolean relaxed = place.endsWith("/required") && !isAnswered(place);
        List<JsonValue> left =
                newer.values().stream().map(BreakingChanges::wordless).toList();
        older.values().stream()
                .filter(value -> !relaxed)
                .filter(value -> !left.contains(wordless(value)))
                .forEach(value -> found.add(place + ": an entry is gone or changed"));
        if (place.endsWith("/required") && newer.size() > older.size() && isSent(place)) {
            found.add(place + ": more is required");
        }
    }

    /** Words may change. */
    private static JsonValue wordless(JsonValue value) {
        return value instanceof JsonObject object ? object.without("description") : value;
    }

    private boolean isSent(String place) {
        return schema(place).map(sent::contains).orElse(false);
    }

    /** What is no schema counts as an answer: nothing of it may go. */
    private boolean isAnswered(String place) {
        return schema(place).map(answered::contains).orElse(true);
    }

    private static Optional<String> schema(String place) {
        return place.startsWith(SCHEMAS)
                ? Optional.of(place.substring(SCHEMAS.length()).split("/", -1)[0])
                : Optional.empty();
    }

    /** Finds the schemas that request bodies, or responses, lead to. */
    private void collect(@Nullable JsonValue value, String within, Set<String> schemas, boolean inside) {
        switch (value) {
            case JsonObject object ->
                object.members().forEach((name, member) -> {
                    if (inside && name.equals("$ref") && member instanceof JsonString(String reference)) {
                        follow(reference.substring(reference.lastIndexOf('/') + 1), within, schemas);
                    } else {
                        collect(member, within, schemas, inside || name.equals(within));
                    }
                });
            case JsonArray array -> array.values().forEach(member -> collect(member, within, schemas, inside));
            case null, default -> {}
        }
    }

    private void follow(String schema, String within, Set<String> schemas) {
        if (schemas.add(schema)
                && newer.get("components") instanceof JsonObject components
                && components.get("schemas") instanceof JsonObject all) {
            collect(all.get(schema), within, schemas, true);
        }
    }
}
