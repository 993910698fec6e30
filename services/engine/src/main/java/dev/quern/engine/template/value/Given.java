package dev.quern.engine.template.value;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The values of arguments. */
public record Given(List<Object> positional, Map<String, Object> named) {
    /**
     * The same by name.
     *
     * @param names of all parameters, in order
     * @throws TemplateException when there are more, or others
     */
    public Given bound(String... names) {
        if (positional.size() > names.length) {
            throw new TemplateException(positional.size() + " arguments (expected: at most " + names.length + ")");
        }
        Map<String, Object> bound = new HashMap<>();
        for (int i = 0; i < positional.size(); i++) {
            bound.put(names[i], positional.get(i));
        }
        named.forEach((name, value) -> {
            if (!List.of(names).contains(name)) {
                throw new TemplateException("argument " + name + " (expected: " + String.join(", ", names) + ")");
            }
            if (bound.put(name, value) != null) {
                throw new TemplateException("argument " + name + ": twice");
            }
        });
        return new Given(List.of(), bound);
    }

    public boolean has(String name) {
        return named.containsKey(name);
    }

    /** The value of a bound argument. */
    public Object get(String name) {
        Object value = named.get(name);
        if (value == null) {
            throw new TemplateException("argument " + name + ": missing");
        }
        return value;
    }

    public Object or(String name, Object otherwise) {
        return named.getOrDefault(name, otherwise);
    }

    public String text(String name) {
        return Values.string(get(name), name);
    }

    public long integer(String name, long otherwise) {
        return has(name) && get(name) != None.NONE ? Values.integer(get(name)) : otherwise;
    }

    public boolean flag(String name) {
        return has(name) && Values.isTrue(get(name));
    }
}
