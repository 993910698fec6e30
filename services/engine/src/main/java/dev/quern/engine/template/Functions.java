package dev.quern.engine.template;

import dev.quern.engine.template.value.Budget;
import dev.quern.engine.template.value.Callable;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.Namespace;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Values;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Functions that every template may call. */
final class Functions {
    /** As in jinja2's sandbox. */
    private static final int MAX_RANGE = 100_000;
    /**
     * What templates take for now. The same texts must give the same tokens tomorrow; the date is the one that
     * templates of Llama 3 name where they get none.
     */
    private static final LocalDateTime NOW = LocalDateTime.of(2024, 7, 26, 12, 0);

    private static final Map<Character, String> DATE_PARTS = Map.ofEntries(
            Map.entry('d', "dd"),
            Map.entry('m', "MM"),
            Map.entry('Y', "uuuu"),
            Map.entry('y', "uu"),
            Map.entry('b', "MMM"),
            Map.entry('B', "MMMM"),
            Map.entry('a', "EEE"),
            Map.entry('A', "EEEE"),
            Map.entry('H', "HH"),
            Map.entry('I', "hh"),
            Map.entry('M', "mm"),
            Map.entry('S', "ss"),
            Map.entry('p', "a"),
            Map.entry('j', "DDD"));

    private Functions() {}

    static Map<String, Callable> all(Budget budget) {
        return Map.of(
                "range", given -> range(given.positional(), budget),
                "namespace", given -> new Namespace(members(given, budget)),
                "dict", given -> members(given, budget),
                "raise_exception", Functions::raise,
                "strftime_now", given -> now(given.bound("format").text("format")));
    }

    private static Object range(List<Object> bounds, Budget budget) {
        if (bounds.isEmpty() || bounds.size() > 3) {
            throw new TemplateException("range: " + bounds.size() + " arguments (expected: 1 to 3)");
        }
        long from = bounds.size() == 1 ? 0 : Values.integer(bounds.get(0));
        long to = Values.integer(bounds.get(bounds.size() == 1 ? 0 : 1));
        long step = bounds.size() == 3 ? Values.integer(bounds.get(2)) : 1;
        if (step == 0) {
            throw new TemplateException("range: a step of 0");
        }
        List<Object> range = new ArrayList<>();
        for (long i = from; step > 0 ? i < to : i > to; i = Math.addExact(i, step)) {
            if (range.size() == MAX_RANGE) {
                throw new TemplateException("range: more than " + MAX_RANGE + " numbers");
            }
            range.add(i);
        }
        budget.entries(range.size());
        return range;
    }

    private static Map<String, Object> members(Given given, Budget budget) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (Object map : given.positional()) {
            if (!(map instanceof Map<?, ?> entries)) {
                throw new TemplateException(Values.kind(map) + " (expected: a map)");
            }
            budget.entries(entries.size());
            entries.forEach((key, value) -> members.put(Values.string(key, "key"), value));
        }
        members.putAll(given.named());
        return members;
    }

    private static Object raise(Given given) {
        throw TemplateException.raised(Values.text(given.bound("message").get("message")));
    }

    private static String now(String format) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            char c = format.charAt(i);
            if (c != '%' || i + 1 == format.length()) {
                text.append(c);
                continue;
            }
            boolean unpadded = format.charAt(i + 1) == '-' && i + 2 < format.length();
            i += unpadded ? 2 : 1;
            text.append(part(format.charAt(i), unpadded));
        }
        return text.toString();
    }

    private static String part(char directive, boolean unpadded) {
        if (directive == '%') {
            return "%";
        }
        String pattern = DATE_PARTS.get(directive);
        if (pattern == null) {
            throw new TemplateException("strftime_now: %" + directive + " (expected: another directive)");
        }
        String part = NOW.format(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH));
        return unpadded && part.startsWith("0") ? part.substring(1) : part;
    }
}
