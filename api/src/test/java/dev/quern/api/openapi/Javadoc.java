package dev.quern.api.openapi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the sources say about records and their components, so that the document says it in the same words. */
final class Javadoc {
    private static final List<Path> ROOTS =
            List.of(Path.of("../services/recipes/src/main/java"), Path.of("src/main/java"));
    private static final Pattern INLINE = Pattern.compile("\\{@(?:code|link|literal) ([^}]*)}");
    private static final String WORDS =
            "((?:\\s*+@[A-Z]\\w*(?:\\([^)]*\\))?)*+)\\s*+(?:(?:public|private|protected|static|sealed|final) )*";

    private final String text;
    private final Map<String, String> components = new HashMap<>();

    private Javadoc(String comment) {
        String[] parts = comment.replaceAll("(?m)^\\s*\\*+ ?", "").split("(?m)^\\s*@param ", -1);
        text = plain(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            String[] param = parts[i].split("\\s", 2);
            components.put(param[0], plain(param.length < 2 ? "" : param[1].split("(?m)^\\s*@", 2)[0]));
        }
    }

    static Javadoc of(Class<?> type) {
        Class<?> top = type;
        while (top.getEnclosingClass() != null) {
            top = top.getEnclosingClass();
        }
        String file = top.getName().replace('.', '/') + ".java";
        for (Path root : ROOTS) {
            if (Files.exists(root.resolve(file))) {
                return find(read(root.resolve(file)), type.getSimpleName());
            }
        }
        return new Javadoc("");
    }

    private static Javadoc find(String source, String name) {
        Pattern declared = Pattern.compile(
                "/\\*\\*((?:(?!\\*/).)*+)\\*/" + WORDS + "(?:record|interface|enum) " + name + "\\b", Pattern.DOTALL);
        Matcher found = declared.matcher(source);
        return new Javadoc(found.find() ? found.group(1) : "");
    }

    /** Empty where there is none. */
    String text() {
        return text;
    }

    /** What a record's Javadoc says of a component, by its name in Java; empty where it says nothing. */
    String component(String name) {
        return components.getOrDefault(name, "");
    }

    private static String plain(String text) {
        return INLINE.matcher(text)
                .replaceAll(found -> Matcher.quoteReplacement(found.group(1).replace('#', '.')))
                .replaceAll("</?(?:p|b|i|ul|li)>", "")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
