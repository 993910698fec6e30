package dev.quern.engine.template;

import dev.quern.engine.template.value.Budget;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.Members;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.StringMethods;
import dev.quern.engine.template.value.Strings;
import dev.quern.engine.template.value.Subscripts;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Tuple;
import dev.quern.engine.template.value.Undefined;
import dev.quern.engine.template.value.Values;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Filters: {@code value | name(arguments)}. */
final class Filters {
    private final Budget budget;
    private final Subscripts subscripts;
    private final Members members;
    private final Map<String, Filter> filters = new HashMap<>();

    @FunctionalInterface
    private interface Filter {
        Object apply(Object value, Given given);
    }

    Filters(Budget budget) {
        this.budget = budget;
        this.subscripts = new Subscripts(budget);
        this.members = new Members(budget);
        addTexts();
        addLists();
        addConversions();
    }

    Object apply(String name, Object value, Given given) {
        Filter filter = filters.get(name);
        if (filter == null) {
            throw new TemplateException("filter " + name + " (expected: one that chat templates use)");
        }
        if (value instanceof String text) {
            budget.characters(text.length());
        }
        return filter.apply(value, given);
    }

    private void addTexts() {
        filters.put("trim", (value, given) -> trimmed(Values.text(value), given.bound("chars")));
        filters.put("upper", (value, given) -> Values.text(value).toUpperCase(Locale.ROOT));
        filters.put("lower", (value, given) -> Values.text(value).toLowerCase(Locale.ROOT));
        filters.put("title", (value, given) -> Strings.title(Values.text(value)));
        filters.put("capitalize", (value, given) -> Strings.capitalized(Values.text(value)));
        filters.put("replace", (value, given) -> StringMethods.replace(Values.text(value), given, budget));
        filters.put("indent", (value, given) -> indented(Values.text(value), given.bound("width", "first", "blank")));
        filters.put("join", (value, given) -> joined(value, given.bound("d", "attribute")));
    }

    private void addLists() {
        filters.put("length", (value, given) -> Values.length(value));
        filters.put("count", (value, given) -> Values.length(value));
        filters.put("first", (value, given) -> end(items(value), 0));
        filters.put("last", (value, given) -> end(items(value), -1));
        filters.put("list", (value, given) -> items(value));
        filters.put("reverse", (value, given) -> reversed(value));
        filters.put("sort", (value, given) -> sorted(value, given.bound("reverse", "case_sensitive", "attribute")));
        filters.put("dictsort", (value, given) -> sortedPairs(value));
        filters.put("items", (value, given) -> value instanceof Undefined ? List.of() : members.pairs(map(value)));
        filters.put("select", (value, given) -> selected(value, given.positional(), true));
        filters.put("reject", (value, given) -> selected(value, given.positional(), false));
        filters.put("selectattr", (value, given) -> selectedByAttribute(value, given.positional(), true));
        filters.put("rejectattr", (value, given) -> selectedByAttribute(value, given.positional(), false));
        filters.put("map", this::mapped);
    }

    private void addConversions() {
        filters.put("string", (value, given) -> Values.text(value));
        filters.put("safe", (value, given) -> value);
        filters.put("tojson", this::json);
        filters.put("int", (value, given) -> number(value, given, true));
        filters.put("float", (value, given) -> number(value, given, false));
        filters.put(
                "abs",
                (value, given) -> value instanceof Double real
                        ? (Object) Math.abs(real)
                        : (Object) Math.abs(Values.integer(value)));
        filters.put("default", this::otherwise);
        filters.put("d", this::otherwise);
    }

    private List<Object> items(Object value) {
        return Values.items(value, budget);
    }

    private static Object trimmed(String text, Given given) {
        return Strings.stripped(
                text, given.or("chars", None.NONE) == None.NONE ? null : given.text("chars"), true, true);
    }

    private String indented(String text, Given given) {
        Object width = given.or("width", 4L);
        String blanks = width instanceof String own ? own : " ".repeat(Math.clamp(Values.integer(width), 0, 64));
        budget.entries(text.chars().filter(c -> c == '\n').count());
        List<String> lines = (text + "\n").lines().toList();
        StringBuilder indented = new StringBuilder();
        for (int i = 0; i < lines.size(); i++) {
            boolean indent = i == 0
                    ? given.flag("first")
                    : given.flag("blank") || !lines.get(i).isEmpty();
            budget.characters((long) blanks.length() + lines.get(i).length());
            indented.append(i == 0 ? "" : "\n").append(indent ? blanks : "").append(lines.get(i));
        }
        return indented.toString();
    }

    private String joined(Object value, Given given) {
        List<Object> items = items(value);
        if (given.has("attribute")) {
            items.replaceAll(item -> path(item, given.get("attribute")));
        }
        items.replaceAll(Values::text);
        return StringMethods.join(Values.text(given.or("d", "")), items, budget);
    }

    private static Object end(List<Object> items, int place) {
        return items.isEmpty() ? new Undefined("item") : items.get(place < 0 ? items.size() - 1 : place);
    }

    private Object reversed(Object value) {
        if (value instanceof String text) {
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> items = items(value);
        Collections.reverse(items);
        return items;
    }

    private List<Object> sorted(Object value, Given given) {
        List<Object> items = items(value);
        boolean exact = given.flag("case_sensitive");
        Comparator<Object> order = Comparator.comparing(
                item -> {
                    Object key = given.has("attribute") ? path(item, given.get("attribute")) : item;
                    return exact || !(key instanceof String text) ? key : text.toLowerCase(Locale.ROOT);
                },
                Values::compare);
        items.sort(given.flag("reverse") ? order.reversed() : order);
        return items;
    }

    private List<Object> sortedPairs(Object value) {
        List<Object> pairs = members.pairs(map(value));
        pairs.sort(Comparator.comparing(
                pair -> {
                    Object key = ((Tuple) pair).getFirst();
                    return key instanceof String text ? text.toLowerCase(Locale.ROOT) : key;
                },
                Values::compare));
        return pairs;
    }

    private static Map<?, ?> map(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new TemplateException(Values.kind(value) + " (expected: a map)");
    }

    private List<Object> selected(Object value, List<Object> arguments, boolean keep) {
        return items(value).stream()
                .filter(item -> holds(item, arguments, 0) == keep)
                .toList();
    }

    private List<Object> selectedByAttribute(Object value, List<Object> arguments, boolean keep) {
        if (arguments.isEmpty()) {
            throw new TemplateException("selectattr without an attribute");
        }
        return items(value).stream()
                .filter(item -> holds(path(item, arguments.getFirst()), arguments, 1) == keep)
                .toList();
    }

    private static boolean holds(Object item, List<Object> arguments, int test) {
        return arguments.size() <= test
                ? Tests.holds(null, item, List.of())
                : Tests.holds(
                        Values.string(arguments.get(test), "test"),
                        item,
                        arguments.subList(test + 1, arguments.size()));
    }

    private Object mapped(Object value, Given given) {
        List<Object> mapped = new ArrayList<>();
        for (Object item : items(value)) {
            if (given.has("attribute")) {
                mapped.add(path(item, given.get("attribute"), given.or("default", None.NONE)));
            } else if (given.positional().isEmpty()) {
                throw new TemplateException("map without a filter");
            } else {
                List<Object> arguments = given.positional();
                String name = Values.string(arguments.getFirst(), "map");
                mapped.add(apply(name, item, new Given(arguments.subList(1, arguments.size()), given.named())));
            }
        }
        return mapped;
    }

    /** {@code a.b.0} of a value. */
    private Object path(Object value, Object attribute) {
        return path(value, attribute, None.NONE);
    }

    /** @param otherwise in place of what is missing on the way; none where that stays missing */
    private Object path(Object value, Object attribute, Object otherwise) {
        Object found = value;
        for (Object part : Strings.split(Values.text(attribute), ".", -1)) {
            String name = (String) part;
            boolean index =
                    !name.isEmpty() && name.length() < 10 && name.chars().allMatch(c -> c >= '0' && c <= '9');
            found = index ? subscripts.item(found, Long.valueOf(name)) : members.item(found, name);
            found = found instanceof Undefined && otherwise != None.NONE ? otherwise : found;
        }
        return found;
    }

    private String json(Object value, Given given) {
        String json = JsonText.of(value, given);
        budget.characters(json.length());
        return json;
    }

    private static Object number(Object value, Given given, boolean whole) {
        Object otherwise = given.bound("default").or("default", whole ? (Object) 0L : (Object) 0.0);
        try {
            double real = value instanceof String text ? Double.parseDouble(text.strip()) : Values.real(value);
            return whole ? (Object) (long) real : (Object) real;
        } catch (NumberFormatException | TemplateException e) {
            return otherwise;
        }
    }

    private Object otherwise(Object value, Given given) {
        Given bound = given.bound("default_value", "boolean");
        boolean missing = value instanceof Undefined || (bound.flag("boolean") && !Values.isTrue(value));
        return missing ? bound.or("default_value", "") : value;
    }
}
