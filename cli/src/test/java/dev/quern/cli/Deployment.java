package dev.quern.cli;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.representer.Representer;

/** docker-compose.yml and the Dockerfile, as far as tests look into them. */
final class Deployment {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path COMPOSE = ROOT.resolve("docker-compose.yml");
    private static final Path DOCKERFILE = ROOT.resolve("Dockerfile");

    private static final Pattern PAIR = Pattern.compile("(\\w+)=(\\S+)");

    private static final Pattern MODULE = Pattern.compile("<module>(.+?)</module>");

    private Deployment() {}

    /** One image: what its container runs by default, and how Compose asks for its health. */
    record Image(Map<String, String> environment, List<String> entrypoint, List<String> healthcheck) {}

    static String composeText() throws IOException {
        return Files.readString(COMPOSE);
    }

    static List<String> dockerfile() throws IOException {
        return Files.readAllLines(DOCKERFILE);
    }

    /** The folders of the reactor's modules. */
    static List<String> modules() throws IOException {
        return MODULE.matcher(Files.readString(ROOT.resolve("pom.xml")))
                .results()
                .map(module -> module.group(1))
                .toList();
    }

    static Map<String, Object> compose(String text) {
        return new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
    }

    /** Without anchors and merges, which the schema does not know. */
    static String plain(Map<String, Object> compose) {
        DumperOptions options = new DumperOptions();
        options.setDereferenceAliases(true);
        return new Yaml(new SafeConstructor(new LoaderOptions()), new Representer(options), options).dump(compose);
    }

    @SuppressWarnings("unchecked") // The schema test says that these are objects.
    static Map<String, Map<String, Object>> services(Map<String, Object> compose) {
        return (Map<String, Map<String, Object>>) compose.get("services");
    }

    @SuppressWarnings("unchecked")
    static Map<String, String> environment(Map<String, Object> service) {
        return (Map<String, String>) service.getOrDefault("environment", Map.of());
    }

    /** The last stage of this name, with the environment of those that it is made from. */
    static Image image(String name) throws IOException {
        Map<String, String> environment = new LinkedHashMap<>();
        List<String> entrypoint = List.of();
        String stage = "";
        for (String line : instructions()) {
            if (line.startsWith("FROM ")) {
                stage = line.substring(line.lastIndexOf(' ') + 1);
            } else if (stage.equals("base") || stage.equals(name)) {
                if (line.startsWith("ENV ")) {
                    PAIR.matcher(line).results().forEach(pair -> environment.put(pair.group(1), pair.group(2)));
                } else if (line.startsWith("ENTRYPOINT ")) {
                    entrypoint = words(line);
                }
            }
        }
        return new Image(
                environment,
                entrypoint,
                healthcheck(services(compose(composeText())).get(name)));
    }

    /** Its command. */
    @SuppressWarnings("unchecked")
    private static List<String> healthcheck(Map<String, Object> service) {
        List<String> test = ((Map<String, List<String>>) service.get("healthcheck")).get("test");
        return test.subList(1, test.size());
    }

    /** With continued lines joined, without comments. */
    private static List<String> instructions() throws IOException {
        List<String> instructions = new ArrayList<>();
        StringBuilder open = new StringBuilder();
        for (String line : dockerfile()) {
            if (line.startsWith("#")) {
                continue;
            }
            open.append(line.replaceFirst("\\\\$", ""));
            if (!line.endsWith("\\")) {
                instructions.add(open.toString());
                open.setLength(0);
            }
        }
        return instructions;
    }

    private static List<String> words(String instruction) {
        JsonArray words = (JsonArray) Json.parse(instruction.substring(instruction.indexOf('[')));
        return words.values().stream().map(word -> ((JsonString) word).value()).toList();
    }
}
