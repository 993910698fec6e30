package dev.quern.api.pages;

import dev.quern.api.html.Layout;
import dev.quern.recipes.drawing.Html;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;

/** The API for people: openapi.json drawn as a page, without scripts. Open to all, as the document is. */
@Controller
final class DocsController {
    private static final String REFERENCE = "#/components/schemas/";

    private final String page = draw(read());

    @GetMapping("/docs")
    ResponseEntity<String> docs() {
        return ResponseEntity.ok()
                .contentType(MediaType.parseMediaType("text/html;charset=UTF-8"))
                .body(page);
    }

    private static JsonObject read() {
        try {
            return (JsonObject) Json.parse(
                    new ClassPathResource("dev/quern/api/openapi.json").getContentAsString(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String draw(JsonObject document) {
        Map<String, List<Html>> tags = new LinkedHashMap<>();
        object(document, "paths")
                .members()
                .forEach((path, methods) -> ((JsonObject) methods).members().forEach((method, operation) -> {
                    JsonObject described = (JsonObject) operation;
                    tags.computeIfAbsent(first(described.get("tags")), tag -> new ArrayList<>())
                            .add(operation(method, path, described));
                }));
        Html operations = Html.each(
                tags.entrySet(),
                tag -> Html.of(
                        "<h2 id=\"{}\">{}</h2>{}", tag.getKey(), tag.getKey(), Html.each(tag.getValue(), one -> one)));
        Html schemas = Html.each(
                object(object(document, "components"), "schemas").members().entrySet(),
                schema -> schema(schema.getKey(), (JsonObject) schema.getValue()));
        return Layout.page(
                "API",
                null,
                Html.EMPTY,
                Html.of("""
                <article class="doc">
                <h1>API</h1>
                <p>{}</p>
                <p><a href="/openapi.json">openapi.json</a></p>
                {}
                <h2 id="schemas">Schemas</h2>
                {}
                </article>
                """, text(object(document, "info"), "description"), operations, schemas));
    }

    private static Html operation(String method, String path, JsonObject operation) {
        return Html.of(
                """
                <section class="card"><h3><code>{} {}</code></h3><p>{}</p><p>{}</p>{}{}{}</section>
                """,
                method.toUpperCase(Locale.ROOT),
                path,
                text(operation, "summary"),
                text(operation, "description"),
                parameters(operation),
                body(operation),
                responses(operation));
    }

    private static Html parameters(JsonObject operation) {
        List<JsonValue> parameters = array(operation.get("parameters"));
        return Html.when(
                !parameters.isEmpty(),
                () -> Html.of("<dl>{}</dl>", Html.each(parameters, value -> {
                    JsonObject parameter = (JsonObject) value;
                    return Html.of(
                            "<dt><code>{}</code> <small>{}</small></dt><dd>{}</dd>",
                            text(parameter, "name"),
                            text(parameter, "in"),
                            text(parameter, "description"));
                })));
    }

    private static Html body(JsonObject operation) {
        JsonObject content = object(object(operation, "requestBody"), "content");
        return Html.each(content.members().values(), media -> {
            JsonValue example = ((JsonObject) media).get("example");
            return Html.of(
                    "<p>Body: {}</p>{}",
                    type(object((JsonObject) media, "schema")),
                    example == null ? Html.EMPTY : Html.of("<pre>{}</pre>", Json.writePretty(example)));
        });
    }

    private static Html responses(JsonObject operation) {
        return Html.of(
                "<ul>{}</ul>",
                Html.each(object(operation, "responses").members().entrySet(), response -> {
                    JsonObject described = (JsonObject) response.getValue();
                    String reference = text(described, "$ref");
                    Html types = Html.each(
                            object(described, "content").members().entrySet(),
                            media -> Html.of(
                                    " <small>{}</small> {}",
                                    media.getKey(),
                                    type(object((JsonObject) media.getValue(), "schema"))));
                    return Html.of(
                            "<li><code>{}</code> {}{}</li>",
                            response.getKey(),
                            reference.isEmpty()
                                    ? text(described, "description")
                                    : reference.substring(reference.lastIndexOf('/') + 1),
                            types);
                }));
    }

    private static Html schema(String name, JsonObject schema) {
        return Html.of(
                "<section class=\"card\" id=\"{}\"><h3><code>{}</code></h3><p>{}</p><dl>{}</dl></section>",
                name,
                name,
                text(schema, "description"),
                Html.each(
                        object(schema, "properties").members().entrySet(),
                        property -> Html.of(
                                "<dt><code>{}</code> {}</dt><dd>{}</dd>",
                                property.getKey(),
                                type((JsonObject) property.getValue()),
                                text((JsonObject) property.getValue(), "description"))));
    }

    /** A link to a named schema, or the words for one without a name. */
    private static Html type(JsonObject schema) {
        String reference = text(schema, "$ref");
        if (!reference.isEmpty()) {
            String name = reference.substring(REFERENCE.length());
            return Html.of("<a href=\"#{}\">{}</a>", name, name);
        }
        if (schema.get("items") instanceof JsonObject items) {
            return Html.of("list of {}", type(items));
        }
        List<JsonValue> constants = array(schema.get("enum"));
        if (!constants.isEmpty()) {
            return Html.of(
                    "<small>{}</small>",
                    String.join(
                            " | ", constants.stream().map(DocsController::shown).toList()));
        }
        return Html.of("<small>{}</small>", text(schema, "type"));
    }

    private static String shown(JsonValue value) {
        return value instanceof JsonString(String text) ? text : Json.write(value);
    }

    private static String first(@Nullable JsonValue tags) {
        List<JsonValue> values = array(tags);
        return values.isEmpty() ? "other" : shown(values.getFirst());
    }

    private static List<JsonValue> array(@Nullable JsonValue value) {
        return value instanceof JsonArray(List<JsonValue> values) ? values : List.of();
    }

    private static JsonObject object(JsonObject parent, String name) {
        return parent.get(name) instanceof JsonObject object ? object : JsonObject.EMPTY;
    }

    private static String text(JsonObject parent, String name) {
        return parent.get(name) instanceof JsonString(String text) ? text : "";
    }
}
