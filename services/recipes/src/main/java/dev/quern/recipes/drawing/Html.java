package dev.quern.recipes.drawing;

import java.util.Collection;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A piece of HTML. Values put into a template are escaped, pieces of HTML are not, so text from outside can only become
 * text: {@code Html.of("<b title=\"{}\">{}</b>", title, Html.of(...))}. Attributes in templates are always quoted.
 */
public record Html(String markup) {
    public static final Html EMPTY = new Html("");
    private static final String SLOT = "{}";

    /** Fills each {@code {}} of the template with the value of its turn; null becomes nothing. */
    public static Html of(String template, @Nullable Object... values) {
        StringBuilder out = new StringBuilder(template.length() + 64);
        int from = 0;
        for (Object value : values) {
            int slot = template.indexOf(SLOT, from);
            if (slot < 0) {
                throw new IllegalArgumentException(
                        "values: " + values.length + " (expected: as many as {} in " + template + ")");
            }
            out.append(template, from, slot);
            append(out, value);
            from = slot + SLOT.length();
        }
        if (template.indexOf(SLOT, from) >= 0) {
            throw new IllegalArgumentException(
                    "values: " + values.length + " (expected: as many as {} in " + template + ")");
        }
        return new Html(out.append(template, from, template.length()).toString());
    }

    public static <T> Html each(Collection<T> items, Function<? super T, Html> draw) {
        return new Html(items.stream().map(item -> draw.apply(item).markup()).collect(Collectors.joining()));
    }

    public static Html when(boolean shown, Supplier<Html> draw) {
        return shown ? draw.get() : EMPTY;
    }

    public static Html join(Html... parts) {
        StringBuilder out = new StringBuilder();
        for (Html part : parts) {
            out.append(part.markup());
        }
        return new Html(out.toString());
    }

    private static void append(StringBuilder out, @Nullable Object value) {
        if (value instanceof Html html) {
            out.append(html.markup());
        } else if (value != null) {
            escape(out, value.toString());
        }
    }

    private static void escape(StringBuilder out, String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                default -> out.append(c);
            }
        }
    }

    @Override
    public String toString() {
        return markup;
    }
}
