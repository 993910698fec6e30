package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Loading.Packed;
import dev.quern.recipes.Loading.Packing;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What docs say of recipes is what the records and the matrix of loaders say. To write it: {@code -Dquern.docs=write}.
 */
class RecipeReferenceTest {
    private static final Path DOCS = Path.of("../../docs");

    @Test
    void theReferenceHasEveryFieldAndEveryLoader() throws IOException {
        Path file = DOCS.resolve("recipes.md");
        String text = Files.readString(file);
        String expected = section(section(text, "fields", fields()), "loaders", loaders());
        if ("write".equals(System.getProperty("quern.docs"))) {
            Files.writeString(file, expected);
            Files.writeString(DOCS.resolve("recipe.schema.json"), Json.writePretty(RecipeSchema.schema()) + "\n");
        }
        assertThat(Files.readString(file)).isEqualTo(expected);
    }

    @Test
    void thePublishedSchemaIsMadeFromTheRecords() throws IOException {
        assertThat(Json.parse(Files.readString(DOCS.resolve("recipe.schema.json"))))
                .isEqualTo(RecipeSchema.schema());
    }

    @Test
    void theSchemaOfReportsHoldsTheRecipeAsTheRecordsAre() throws IOException {
        Path file = DOCS.resolve("report.schema.json");
        JsonObject schema = object(Json.parse(Files.readString(file)));
        JsonObject properties = object(schema.get("properties"));
        if ("write".equals(System.getProperty("quern.docs"))) {
            properties = properties.with("recipe", RecipeSchema.whole());
            Files.writeString(file, Json.writePretty(schema.with("properties", properties)) + "\n");
        }
        assertThat(properties.get("recipe")).isEqualTo(RecipeSchema.whole());
    }

    private static String section(String text, String name, String content) {
        int from = text.indexOf("<!-- " + name + " -->\n") + ("<!-- " + name + " -->\n").length();
        int to = text.indexOf("<!-- /" + name + " -->");
        return text.substring(0, from) + content + text.substring(to);
    }

    private static String fields() {
        List<String> rows = new ArrayList<>(List.of("| field | values | default | |", "| --- | --- | --- | --- |"));
        rows(rows, "", RecipeSchema.schema());
        return String.join("\n", rows) + "\n";
    }

    private static void rows(List<String> rows, String path, JsonObject schema) {
        object(schema.get("properties")).members().forEach((name, value) -> {
            JsonObject member = object(value);
            if (member.get("oneOf") instanceof JsonArray(List<JsonValue> cases)) {
                rows.add(row(path + name, member, "by method"));
                for (JsonValue each : cases) {
                    rows(rows, path + name + ".", object(each));
                }
            } else if (member.has("properties")) {
                rows(rows, path + name + ".", member);
            } else if (member.get("items") instanceof JsonObject items && items.has("properties")) {
                rows.add(row(path + name, member, "array"));
                rows(rows, path + name + "[].", items);
            } else {
                rows.add(row(path + name, member, values(member)));
            }
        });
    }

    private static String row(String path, JsonObject member, String values) {
        JsonValue fallback = member.get("default");
        String description = member.get("description") instanceof JsonString(String text) ? text : "";
        return "| `%s` | %s | %s | %s |"
                .formatted(path, values, fallback == null ? "" : "`" + shown(fallback) + "`", description);
    }

    private static String values(JsonObject member) {
        if (member.get("const") instanceof JsonString(String only)) {
            return "`" + only + "`";
        }
        if (member.get("enum") instanceof JsonArray(List<JsonValue> values)) {
            return values.stream().map(value -> "`" + shown(value) + "`").collect(Collectors.joining(", "));
        }
        if (member.get("anyOf") instanceof JsonArray(List<JsonValue> cases)) {
            return cases.stream().map(each -> values(object(each))).collect(Collectors.joining(", or "));
        }
        String type = member.get("type") instanceof JsonString(String name) ? name : "";
        return type + bounds(member);
    }

    private static String bounds(JsonObject member) {
        for (Map.Entry<String, String> words : Map.of("minimum", " %s to %s", "exclusiveMinimum", " between %s and %s")
                .entrySet()) {
            JsonValue from = member.get(words.getKey());
            JsonValue to = member.get(words.getKey().replace("Min", "Max").replace("min", "max"));
            if (from != null) {
                return to == null ? " from " + shown(from) : words.getValue().formatted(shown(from), shown(to));
            }
        }
        return "";
    }

    private static String shown(JsonValue value) {
        return value instanceof JsonString(String text) ? text : Json.write(value);
    }

    private static JsonObject object(@Nullable JsonValue value) {
        return (JsonObject) java.util.Objects.requireNonNull(value);
    }

    private static String loaders() {
        List<String> rows = new ArrayList<>();
        StringBuilder head = new StringBuilder("| bits | grid | group |");
        for (Loading.Loader loader : Loading.Loader.values()) {
            head.append(" ")
                    .append(loader.title())
                    .append(" ")
                    .append(loader.version())
                    .append(" |");
        }
        rows.add(head.toString());
        rows.add("| --- | --- | --- |" + " --- |".repeat(Loading.Loader.values().length));
        for (int bits = 2; bits <= 8; bits++) {
            for (boolean symmetric : List.of(true, false)) {
                String cells = Loading.of(new Packing(Set.of(new Packed(bits, 128, symmetric)), false)).stream()
                        .map(RecipeReferenceTest::cell)
                        .collect(Collectors.joining(" | "));
                rows.add("| %d | %s | 32, 64, 128, row | %s |"
                        .formatted(bits, symmetric ? "symmetric" : "asymmetric", cells));
            }
        }
        return String.join("\n", rows) + "\n";
    }

    private static String cell(Loading loading) {
        String word = switch (loading.answer()) {
            case LOADS -> "yes";
            case CONDITIONAL -> "on condition";
            case REFUSED -> "no";
            case UNTRIED -> "untried";
        };
        return loading.detail().isEmpty() ? word : word + ": " + loading.detail();
    }
}
