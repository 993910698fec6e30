package dev.quern.engine.template.value;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The variable {@code loop}: where a loop is. */
public final class Loop {
    private final List<Object> items;
    private int index;

    public Loop(List<Object> items) {
        this.items = items;
    }

    public void moveTo(int place) {
        index = place;
    }

    /** Null where there is no such member. */
    @Nullable
    Object member(String name) {
        return switch (name) {
            case "index" -> index + 1L;
            case "index0" -> (long) index;
            case "revindex" -> (long) items.size() - index;
            case "revindex0" -> items.size() - index - 1L;
            case "first" -> index == 0;
            case "last" -> index == items.size() - 1;
            case "length" -> (long) items.size();
            case "previtem" -> index == 0 ? new Undefined("previtem") : items.get(index - 1);
            case "nextitem" -> index == items.size() - 1 ? new Undefined("nextitem") : items.get(index + 1);
            case "cycle" -> (Callable) given -> cycle(given.positional());
            default -> null;
        };
    }

    private Object cycle(List<Object> values) {
        if (values.isEmpty()) {
            throw new TemplateException("loop.cycle without values");
        }
        return values.get(index % values.size());
    }
}
