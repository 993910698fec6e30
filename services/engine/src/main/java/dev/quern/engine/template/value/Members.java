package dev.quern.engine.template.value;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names after a dot: methods of values, entries of maps, members of namespaces and loops. They never reach a member
 * of a Java class.
 */
public record Members(Budget budget) {
    public Object attribute(Object target, String name) {
        Object member = member(target, name);
        Object found = member == null ? entry(target, name) : member;
        return found == null ? undefined(target, name) : found;
    }

    /** {@code target['name']}: an entry first, else as behind a dot. */
    public Object item(Object target, String name) {
        Object entry = entry(target, name);
        Object found = entry == null ? member(target, name) : entry;
        return found == null ? undefined(target, name) : found;
    }

    private static @Nullable Object entry(Object target, Object key) {
        return target instanceof Map<?, ?> map ? map.get(key) : null;
    }

    private static Undefined undefined(Object target, String name) {
        if (target instanceof Undefined undefined) {
            throw undefined.error();
        }
        return new Undefined(name);
    }

    private @Nullable Object member(Object target, String name) {
        return switch (target) {
            case String text -> StringMethods.of(text, name, budget);
            case Map<?, ?> map -> method(map, name);
            case Namespace namespace -> namespace.get(name);
            case Loop loop -> loop.member(name);
            default -> null;
        };
    }

    private @Nullable Callable method(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> given -> pairs(map);
            case "keys" -> given -> counted(map.keySet());
            case "values" -> given -> counted(map.values());
            case "get" ->
                given -> {
                    Given bound = given.bound("key", "default");
                    Object entry = entry(map, bound.get("key"));
                    return entry == null ? bound.or("default", None.NONE) : entry;
                };
            default -> null;
        };
    }

    private List<Object> counted(Collection<?> entries) {
        budget.entries(entries.size());
        return new ArrayList<>(entries);
    }

    /** Keys with their values. */
    public List<Object> pairs(Map<?, ?> map) {
        budget.entries(map.size());
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(new Tuple(List.of(key, value))));
        return pairs;
    }
}
