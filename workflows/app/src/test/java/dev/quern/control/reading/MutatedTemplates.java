package dev.quern.control.reading;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Makes wrong chat templates out of right ones, in a file of their own or in the configuration of a tokenizer. */
final class MutatedTemplates {
    /** A word, a number, a string, a sign or blank space: what templates are made of. */
    private static final Pattern PIECE = Pattern.compile("\\w+|'[^']*'|\\{[{%#]-?|-?[%}#]}|\\s+|.", Pattern.DOTALL);

    private static final List<String> PIECES = List.of(
            "{{ messages }}",
            "{{ messages | tojson(indent=2) }}",
            "{% for m in messages recursive %}",
            "{% set messages = [messages, messages] %}",
            "{% set ns = namespace(a=messages) %}{% set ns.a = [ns, ns.a] %}{{ ns.a }}",
            "{% macro m(a, b=m) %}{{ m(a) }}{% endmacro %}{{ m(1) }}",
            "{{ 'x' * 10 ** 9 }}",
            "{{ [1] * 2 ** 62 }}",
            "{{ range(1, 100000) | list | sort | join('x' * 1000) }}",
            "{{ (messages | string).split() }}",
            "{{ messages[-9223372036854775808:9223372036854775807:-9223372036854775808] }}",
            "{{ messages[0].content[::-1] }}",
            "{{ {messages: messages} == {messages: messages} }}",
            "{{ 9223372036854775807 // -1 % 0 ** -1 }}",
            "{{ 1e999 | int }}{{ -1e999 | string }}",
            "{{ '\\ud800' }}{{ '\\x00\\U0010ffff' }}",
            "{{ strftime_now('%-') }}{{ strftime_now('%Q') }}",
            "{{ messages | map(attribute='content') | map('length') | sort(reverse=none) | join(none) }}",
            "{{ messages | selectattr('role', 'in', 'user') | map(attribute='0.a..') | list }}",
            "{{ loop.cycle() }}{{ caller() }}{{ self }}{{ range }}{{ namespace }}",
            "{{ raise_exception(messages) }}",
            "{{ ''.__class__.__mro__[1].__subclasses__() }}",
            "{% include '/etc/passwd' %}",
            "{% raw %}",
            "{# ",
            "(".repeat(5000),
            "not ".repeat(5000),
            "{% if a %}".repeat(3000),
            "{% for a in [1, 2] %}".repeat(3000),
            "\ud800",
            "\u0000",
            "\u2028");

    private final List<String> right;

    /** @param folder of templates that are right, in files that end in .jinja */
    MutatedTemplates(Path folder) throws IOException {
        this.right = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(file -> file.toString().endsWith(".jinja"))
                    .sorted()
                    .toList()) {
                right.add(Files.readString(file));
            }
        }
    }

    /** The files of a seed by their names; one of the two is the one that counts. */
    Map<String, byte[]> of(long seed, JsonObject config) {
        Random random = new Random(seed);
        String template = template(random);
        JsonObject described = config.with("bos_token", "<s>").with("eos_token", "</s>");
        return switch (random.nextInt(4)) {
            case 0 -> Map.of("tokenizer_config.json", bytes(described.with("chat_template", template)));
            case 1 -> Map.of("tokenizer_config.json", new Mutations(seed).of(bytes(several(described, template))));
            default -> Map.of("chat_template.jinja", template.getBytes(StandardCharsets.UTF_8));
        };
    }

    private static JsonObject several(JsonObject config, String template) {
        JsonObject named = JsonObject.EMPTY.with("name", "default").with("template", template);
        return config.with("chat_template", new JsonArray(List.of(named, new JsonString(template))));
    }

    private static byte[] bytes(JsonObject document) {
        return Json.write(document).getBytes(StandardCharsets.UTF_8);
    }

    /** A right template with one to four faults. */
    private String template(Random random) {
        List<String> pieces = new ArrayList<>(pieces(pick(random, right)));
        for (int fault = random.nextInt(4); fault >= 0 && !pieces.isEmpty(); fault--) {
            int at = random.nextInt(pieces.size());
            switch (random.nextInt(5)) {
                case 0 -> pieces.remove(at);
                case 1 -> pieces.set(at, pick(random, PIECES));
                case 2 -> pieces.add(at, pick(random, PIECES));
                case 3 -> pieces.set(at, pieces.get(random.nextInt(pieces.size())));
                default -> pieces.addAll(at, pieces(pick(random, right)).subList(0, random.nextInt(40)));
            }
        }
        return String.join("", pieces);
    }

    private static List<String> pieces(String template) {
        return PIECE.matcher(template).results().map(MatchResult::group).toList();
    }

    private static String pick(Random random, List<String> values) {
        return values.get(random.nextInt(values.size()));
    }
}
