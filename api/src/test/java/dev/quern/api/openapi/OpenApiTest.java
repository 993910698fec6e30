package dev.quern.api.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.api.ApiServer;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;

/**
 * The committed openapi.json is the contract: it says what the code does, and it never breaks within a major version.
 */
class OpenApiTest {
    private static final Path COMMITTED = Path.of("src/main/resources/dev/quern/api/openapi.json");

    /** To accept a change that breaks nothing: {@code -Dquern.openapi=write}. */
    @Test
    void theCommittedDocumentDescribesThisApi() throws IOException {
        JsonObject committed = (JsonObject) Json.parse(Files.readString(COMMITTED));
        JsonObject actual = Description.document();

        assertThat(BreakingChanges.between(committed, actual))
                .as("changes that break clients; they need a new major version, and /api/v%s"
                        .formatted(major(committed)))
                .isEmpty();
        if ("write".equals(System.getProperty("quern.openapi"))) {
            Files.writeString(COMMITTED, Json.writePretty(actual) + "\n");
        }
        assertThat(Json.parse(Files.readString(COMMITTED)).equals(actual))
                .as("%s is up to date (if not, run this test with -Dquern.openapi=write)", COMMITTED)
                .isTrue();
    }

    @Test
    void everyMappingIsDescribed() {
        Set<String> mapped = ApiServer.shared()
                .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
                .getHandlerMethods()
                .keySet()
                .stream()
                .flatMap(info -> info.getPatternValues().stream()
                        .flatMap(path -> info.getMethodsCondition().getMethods().stream()
                                .map(method -> method + " " + path.replace("{*", "{"))))
                .filter(operation -> operation.contains(" /api/") || operation.contains(" /openapi"))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(operations()).isEqualTo(mapped);
    }

    @Test
    void theDocumentIsServed() {
        ApiServer server = ApiServer.shared();

        assertThat(Json.parse(server.get("/openapi.json", server.readKey()).body()))
                .isEqualTo(Description.document());
    }

    @Test
    void whatIsGoneChangedOrNewlyRequiredBreaks() {
        JsonObject older = document("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}");

        assertThat(BreakingChanges.between(older, older)).isEmpty();
        assertThat(BreakingChanges.between(
                        older, document("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{}}}")))
                .isEmpty();
        assertThat(BreakingChanges.between(
                        document("{\"type\":\"string\",\"default\":\"a\"}"),
                        document("{\"type\":\"string\",\"default\":\"b\"}")))
                .isEmpty();
        assertThat(BreakingChanges.between(older, document("{\"type\":\"object\",\"properties\":{}}")))
                .containsExactly("/components/schemas/X/properties/a: gone");
        assertThat(BreakingChanges.between(
                        older, document("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}")))
                .containsExactly("/components/schemas/X/properties/a/type: changed");
        assertThat(
                        BreakingChanges.between(
                                older,
                                document(
                                        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}")))
                .containsExactly("/components/schemas/X/required: added");
    }

    @Test
    void aFigureMayComeToHaveAWordForWhatIsNotFinite() {
        JsonObject older = document("{\"properties\":{\"a\":{\"type\":\"number\",\"description\":\"old\"}}}");
        String either =
                "{\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\",\"enum\":[\"%s\"]},{\"type\":\"number\"}]}}}";

        assertThat(BreakingChanges.between(older, document(either.formatted("not finite"))))
                .isEmpty();
        assertThat(BreakingChanges.between(older, document(either.formatted("unknown"))))
                .isNotEmpty();
    }

    /** A document in which a client sends an X. */
    private static JsonObject document(String schema) {
        return (JsonObject) Json.parse("""
                {"paths":{"/x":{"post":{"requestBody":{"$ref":"#/components/schemas/X"}}}},"components":{"schemas":{"X":%s}}}""".formatted(schema));
    }

    private static Set<String> operations() {
        JsonObject paths = (JsonObject) Description.document().members().get("paths");
        return paths.members().entrySet().stream()
                .flatMap(path -> ((JsonObject) path.getValue())
                        .members().keySet().stream()
                                .map(method -> method.toUpperCase(Locale.ROOT) + " " + path.getKey()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static String major(JsonObject document) {
        return document.get("info") instanceof JsonObject info
                        && info.get("version") instanceof JsonString(String version)
                ? version.split("\\.", -1)[0]
                : "1";
    }
}
