package dev.quern.engine.template.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Items and slices of strings, lists and maps. */
public record Subscripts(Budget budget) {
    public Object item(Object target, Object index) {
        return switch (target) {
            case Map<?, ?> map -> {
                Object value = map.get(index);
                yield value == null ? new Undefined(Values.text(index)) : value;
            }
            case List<?> list when index instanceof Long at -> at(list, at);
            case String text when index instanceof Long at -> at(characters(text), at);
            case Undefined undefined -> throw undefined.error();
            default -> new Undefined(Values.text(index));
        };
    }

    private static Object at(List<?> items, long index) {
        long place = index < 0 ? index + items.size() : index;
        return place < 0 || place >= items.size() ? new Undefined("[" + index + "]") : items.get((int) place);
    }

    /** Bounds are integers, or none where they are not given. */
    public Object slice(Object target, Object from, Object to, Object step) {
        return switch (target) {
            case String text -> {
                StringBuilder slice = new StringBuilder();
                sliced(characters(text), from, to, step).forEach(slice::append);
                yield slice.toString();
            }
            case Tuple tuple -> new Tuple(sliced(tuple, from, to, step));
            case List<?> list -> sliced(list, from, to, step);
            default ->
                throw new TemplateException(
                        Values.kind(target) + " (expected: a string or a list, of which to take a part)");
        };
    }

    private List<Object> sliced(List<?> items, Object from, Object to, Object step) {
        long by = step == None.NONE ? 1 : Values.integer(step);
        if (by == 0) {
            throw new TemplateException("a step of 0");
        }
        long size = items.size();
        long first = bound(from, by > 0 ? 0 : size - 1, size, by);
        long end = bound(to, by > 0 ? size : -1, size, by);
        budget.entries(size);
        List<Object> slice = new ArrayList<>();
        for (long i = first; by > 0 ? i < end : i > end; i = Math.addExact(i, by)) {
            slice.add(items.get((int) i));
        }
        return slice;
    }

    private static long bound(Object given, long otherwise, long size, long by) {
        if (given == None.NONE) {
            return otherwise;
        }
        long bound = Values.integer(given);
        long place = bound < 0 ? bound + size : bound;
        return by > 0 ? Math.clamp(place, 0, size) : Math.clamp(place, -1, size - 1);
    }

    private List<Object> characters(String text) {
        budget.entries(text.length());
        return Strings.characters(text);
    }
}
