package dev.quern.engine.template.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Methods of Python's strings, as many of them as chat templates use. */
public final class StringMethods {
    private static final Map<String, Method> METHODS = Map.ofEntries(
            Map.entry("strip", (text, given, budget) -> Strings.stripped(text, set(given), true, true)),
            Map.entry("lstrip", (text, given, budget) -> Strings.stripped(text, set(given), true, false)),
            Map.entry("rstrip", (text, given, budget) -> Strings.stripped(text, set(given), false, true)),
            Map.entry("split", StringMethods::split),
            Map.entry("rsplit", StringMethods::rightSplit),
            Map.entry("splitlines", StringMethods::lines),
            Map.entry(
                    "startswith", (text, given, budget) -> affix(given).stream().anyMatch(text::startsWith)),
            Map.entry("endswith", (text, given, budget) -> affix(given).stream().anyMatch(text::endsWith)),
            Map.entry("upper", (text, given, budget) -> text.toUpperCase(Locale.ROOT)),
            Map.entry("lower", (text, given, budget) -> text.toLowerCase(Locale.ROOT)),
            Map.entry("title", (text, given, budget) -> Strings.title(text)),
            Map.entry("capitalize", (text, given, budget) -> Strings.capitalized(text)),
            Map.entry("replace", StringMethods::replace),
            Map.entry(
                    "find",
                    (text, given, budget) ->
                            place(text, text.indexOf(given.bound("sub").text("sub")))),
            Map.entry(
                    "rfind",
                    (text, given, budget) ->
                            place(text, text.lastIndexOf(given.bound("sub").text("sub")))),
            Map.entry(
                    "count",
                    (text, given, budget) -> count(text, given.bound("sub").text("sub"))),
            Map.entry(
                    "join",
                    (text, given, budget) ->
                            join(text, Values.items(given.bound("items").get("items"), budget), budget)),
            Map.entry("removeprefix", StringMethods::withoutPrefix),
            Map.entry("removesuffix", StringMethods::withoutSuffix),
            Map.entry("isdigit", (text, given, budget) -> all(text, Character::isDigit)),
            Map.entry("isalpha", (text, given, budget) -> all(text, Character::isLetter)),
            Map.entry("isalnum", (text, given, budget) -> all(text, Character::isLetterOrDigit)),
            Map.entry("isspace", (text, given, budget) -> all(text, Strings::isBlank)));

    @FunctionalInterface
    private interface Method {
        Object call(String text, Given given, Budget budget);
    }

    private StringMethods() {}

    /** A method of a string; null where there is none of this name. */
    static @Nullable Callable of(String text, String name, Budget budget) {
        Method method = METHODS.get(name);
        if (method == null) {
            return null;
        }
        return given -> {
            budget.characters(text.length());
            return method.call(text, given, budget);
        };
    }

    private static @Nullable String set(Given given) {
        Given bound = given.bound("chars");
        return bound.or("chars", None.NONE) == None.NONE ? null : bound.text("chars");
    }

    private static List<String> affix(Given given) {
        Object affix = given.bound("affix").get("affix");
        return affix instanceof Tuple several
                ? several.stream().map(one -> Values.string(one, "affix")).toList()
                : List.of(Values.string(affix, "affix"));
    }

    private static Object split(String text, Given given, Budget budget) {
        Given bound = given.bound("sep", "maxsplit");
        long cuts = bound.integer("maxsplit", -1);
        if (bound.or("sep", None.NONE) == None.NONE) {
            budget.entries(text.length() / 2);
            return Strings.words(text, cuts);
        }
        String separator = bound.text("sep");
        budget.entries(separator.isEmpty() ? 0 : count(text, separator));
        return Strings.split(text, separator, cuts);
    }

    private static Object lines(String text, Given given, Budget budget) {
        budget.entries(text.chars().filter(c -> c == '\n' || c == '\r').count());
        return Strings.lines(text);
    }

    private static Object rightSplit(String text, Given given, Budget budget) {
        Given bound = given.bound("sep", "maxsplit");
        long cuts = bound.integer("maxsplit", -1);
        String separator = bound.text("sep");
        budget.entries(separator.isEmpty() ? 0 : count(text, separator));
        List<Object> parts = Strings.split(text, separator, -1);
        if (cuts < 0 || cuts >= parts.size() - 1) {
            return parts;
        }
        int kept = parts.size() - (int) cuts;
        List<Object> joined = new ArrayList<>();
        joined.add(join(separator, parts.subList(0, kept), budget));
        joined.addAll(parts.subList(kept, parts.size()));
        return joined;
    }

    public static Object replace(String text, Given given, Budget budget) {
        Given bound = given.bound("old", "new", "count");
        String old = bound.text("old");
        String replacement = bound.text("new");
        long most = bound.integer("count", -1);
        if (old.isEmpty()) {
            throw new TemplateException("replace: an empty string to look for");
        }
        long found = count(text, old);
        budget.characters(Math.multiplyExact(found, replacement.length()));
        budget.entries(most < 0 ? 0 : Math.min(found, most));
        return most < 0 ? text.replace(old, replacement) : join(replacement, Strings.split(text, old, most), budget);
    }

    private static Long count(String text, String sub) {
        long count = 0;
        for (int at = text.indexOf(sub); at >= 0; at = text.indexOf(sub, at + Math.max(1, sub.length()))) {
            count++;
            if (sub.isEmpty() && at == text.length()) {
                break;
            }
        }
        return count;
    }

    private static Long place(String text, int index) {
        return index < 0 ? -1 : (long) text.codePointCount(0, index);
    }

    public static String join(String separator, List<Object> items, Budget budget) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < items.size(); i++) {
            String item = Values.string(items.get(i), "join");
            budget.characters((long) separator.length() + item.length());
            text.append(i == 0 ? "" : separator).append(item);
        }
        return text.toString();
    }

    private static Object withoutPrefix(String text, Given given, Budget budget) {
        String prefix = given.bound("prefix").text("prefix");
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    private static Object withoutSuffix(String text, Given given, Budget budget) {
        String suffix = given.bound("suffix").text("suffix");
        return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
    }

    private static boolean all(String text, IntPredicate test) {
        return !text.isEmpty() && text.codePoints().allMatch(test);
    }
}
