package dev.quern.engine.template;

import dev.quern.engine.template.value.Callable;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Undefined;
import dev.quern.engine.template.value.Values;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tests: {@code value is name}. */
final class Tests {
    private static final Map<String, Test> TESTS = Map.ofEntries(
            Map.entry("defined", (value, given) -> !(value instanceof Undefined)),
            Map.entry("undefined", (value, given) -> value instanceof Undefined),
            Map.entry("none", (value, given) -> value == None.NONE),
            Map.entry("true", (value, given) -> Boolean.TRUE.equals(value)),
            Map.entry("false", (value, given) -> Boolean.FALSE.equals(value)),
            Map.entry("boolean", (value, given) -> value instanceof Boolean),
            Map.entry("integer", (value, given) -> value instanceof Long),
            Map.entry("float", (value, given) -> value instanceof Double),
            Map.entry("number", (value, given) -> Values.isNumber(value)),
            Map.entry("string", (value, given) -> value instanceof String),
            Map.entry("mapping", (value, given) -> value instanceof Map<?, ?>),
            Map.entry("sequence", (value, given) -> isCollection(value)),
            Map.entry("iterable", (value, given) -> isCollection(value)),
            Map.entry("callable", (value, given) -> value instanceof Callable),
            Map.entry(
                    "lower", (value, given) -> isCased(value, Values.text(value).toLowerCase(Locale.ROOT))),
            Map.entry(
                    "upper", (value, given) -> isCased(value, Values.text(value).toUpperCase(Locale.ROOT))),
            Map.entry("odd", (value, given) -> Values.integer(value) % 2 != 0),
            Map.entry("even", (value, given) -> Values.integer(value) % 2 == 0),
            Map.entry("divisibleby", (value, given) -> Values.integer(value) % divisor(given) == 0),
            Map.entry("in", (value, given) -> Values.contains(other(given), value)),
            Map.entry("eq", (value, given) -> Values.equal(value, other(given))),
            Map.entry("equalto", (value, given) -> Values.equal(value, other(given))),
            Map.entry("ne", (value, given) -> !Values.equal(value, other(given))),
            Map.entry("lt", (value, given) -> Values.compare(value, other(given)) < 0),
            Map.entry("le", (value, given) -> Values.compare(value, other(given)) <= 0),
            Map.entry("gt", (value, given) -> Values.compare(value, other(given)) > 0),
            Map.entry("ge", (value, given) -> Values.compare(value, other(given)) >= 0));

    /** Other names, which may be given to selectattr and its like. */
    private static final Map<String, String> SIGNS = Map.of(
            "==",
            "eq",
            "!=",
            "ne",
            "<",
            "lt",
            "<=",
            "le",
            ">",
            "gt",
            ">=",
            "ge",
            "lessthan",
            "lt",
            "greaterthan",
            "gt");

    @FunctionalInterface
    private interface Test {
        boolean holds(Object value, Given given);
    }

    private Tests() {}

    /** @param name of the test; truth of the value itself where it is null */
    static boolean holds(@Nullable String name, Object value, List<Object> arguments) {
        if (name == null) {
            return Values.isTrue(value);
        }
        Test test = TESTS.get(SIGNS.getOrDefault(name, name));
        if (test == null) {
            throw new TemplateException("test " + name + " (expected: one that chat templates use)");
        }
        return test.holds(value, new Given(arguments, Map.of()));
    }

    private static Object other(Given given) {
        return given.bound("other").get("other");
    }

    private static long divisor(Given given) {
        long divisor = Values.integer(other(given));
        if (divisor == 0) {
            throw new TemplateException("divisibleby 0");
        }
        return divisor;
    }

    /** What is undefined holds nothing, but can be walked over. */
    private static boolean isCollection(Object value) {
        return value instanceof String
                || value instanceof List<?>
                || value instanceof Map<?, ?>
                || value instanceof Undefined;
    }

    private static boolean isCased(Object value, String cased) {
        String text = Values.text(value);
        return text.equals(cased) && text.codePoints().anyMatch(Character::isLetter);
    }
}
