package dev.quern.engine.template.value;

import java.util.HashMap;
import java.util.Map;

/** What a template may assign members of. */
public final class Namespace {
    private final Map<String, Object> members;

    public Namespace(Map<String, Object> members) {
        this.members = new HashMap<>(members);
    }

    Object get(String name) {
        return members.getOrDefault(name, new Undefined(name));
    }

    public void set(String name, Object value) {
        members.put(name, value);
    }
}
