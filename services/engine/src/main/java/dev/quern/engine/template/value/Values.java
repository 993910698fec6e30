package dev.quern.engine.template.value;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Values as Python treats them: String, Long, Double, Boolean, {@link None}, List, Map, {@link Namespace},
 * {@link Callable} and {@link Undefined}.
 */
public final class Values {
    private Values() {}

    public static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean truth -> truth;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case None none -> false;
            case Undefined undefined -> false;
            default -> true;
        };
    }

    /** As {@code str()} and as printed. */
    public static String text(Object value) {
        return switch (value) {
            case String text -> text;
            case Undefined undefined -> "";
            default -> shown(value);
        };
    }

    /** As {@code repr()}. */
    private static String shown(Object value) {
        return switch (value) {
            case String text -> quoted(text);
            case Boolean truth -> truth ? "True" : "False";
            case Long number -> number.toString();
            case Double number -> decimal(number);
            case None none -> "None";
            case Undefined undefined -> "Undefined";
            case Tuple tuple -> joined(tuple, "(", tuple.size() == 1 ? ",)" : ")");
            case List<?> list -> joined(list, "[", "]");
            case Map<?, ?> map -> shown(map);
            default -> throw new TemplateException("a function or namespace cannot be printed");
        };
    }

    private static String joined(List<?> list, String begin, String end) {
        StringBuilder text = new StringBuilder(begin);
        for (int i = 0; i < list.size(); i++) {
            text.append(i == 0 ? "" : ", ").append(shown(list.get(i)));
            Budget.requireShort(text);
        }
        return text.append(end).toString();
    }

    private static String shown(Map<?, ?> map) {
        StringBuilder text = new StringBuilder("{");
        map.forEach((key, value) -> {
            text.append(text.length() == 1 ? "" : ", ")
                    .append(shown(key))
                    .append(": ")
                    .append(shown(value));
            Budget.requireShort(text);
        });
        return text.append('}').toString();
    }

    private static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder quoted = new StringBuilder().append(quote);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> quoted.append("\\n");
                case '\r' -> quoted.append("\\r");
                case '\t' -> quoted.append("\\t");
                case '\\' -> quoted.append("\\\\");
                default -> {
                    if (c == quote) {
                        quoted.append('\\').append(c);
                    } else if (c < ' ' || c == 0x7f) {
                        quoted.append("\\x%02x".formatted((int) c));
                    } else {
                        quoted.append(c);
                    }
                }
            }
        }
        return quoted.append(quote).toString();
    }

    /** The shortest digits that mean the number, with an exponent from 1e16 on and below 1e-4. */
    public static String decimal(double value) {
        if (Double.isNaN(value) || Double.isInfinite(value)) {
            return Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }
        double size = Math.abs(value);
        if (size == 0 || (size >= 1e-4 && size < 1e16)) {
            String plain = new BigDecimal(Double.toString(value)).toPlainString();
            return plain.contains(".") ? plain : plain + ".0";
        }
        String scientific = Double.toString(value);
        int e = scientific.indexOf('E');
        int exponent = Integer.parseInt(scientific.substring(e + 1));
        String digits = scientific.substring(0, scientific.startsWith(".0E", e - 2) ? e - 2 : e);
        return digits + "e" + (exponent < 0 ? "-" : "+") + "%02d".formatted(Math.abs(exponent));
    }

    public static boolean equal(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return compare(a, b) == 0;
        }
        if (a instanceof List<?> left && b instanceof List<?> right) {
            return left instanceof Tuple == right instanceof Tuple && equalItems(left, right);
        }
        if (a instanceof Map<?, ?> left && b instanceof Map<?, ?> right) {
            return left.size() == right.size()
                    && left.entrySet().stream()
                            .allMatch(entry -> right.containsKey(entry.getKey())
                                    && equal(entry.getValue(), right.get(entry.getKey())));
        }
        return (a instanceof Undefined && b instanceof Undefined) || a.equals(b);
    }

    private static boolean equalItems(List<?> left, List<?> right) {
        Iterator<?> others = right.iterator();
        return left.size() == right.size() && left.stream().allMatch(item -> equal(item, others.next()));
    }

    /** The order of two numbers or two strings. */
    public static int compare(Object a, Object b) {
        if (isNumber(a) && isNumber(b)) {
            return a instanceof Double || b instanceof Double
                    ? Double.compare(real(a), real(b))
                    : Long.compare(integer(a), integer(b));
        }
        if (a instanceof String left && b instanceof String right) {
            return left.compareTo(right);
        }
        throw new TemplateException(kind(a) + " and " + kind(b) + " have no order");
    }

    /** Truth counts as 0 or 1. */
    public static boolean isNumber(Object value) {
        return value instanceof Long || value instanceof Double || value instanceof Boolean;
    }

    public static long integer(Object value) {
        return switch (value) {
            case Long number -> number;
            case Boolean truth -> truth ? 1 : 0;
            default -> throw new TemplateException(kind(value) + " (expected: an integer)");
        };
    }

    public static double real(Object value) {
        return value instanceof Double number ? number : integer(value);
    }

    public static String string(Object value, String what) {
        if (value instanceof String text) {
            return text;
        }
        throw new TemplateException(what + ": " + kind(value) + " (expected: a string)");
    }

    /** What a loop walks over. */
    public static List<Object> items(Object value, Budget budget) {
        List<Object> items = switch (value) {
            case List<?> list -> new ArrayList<>(list);
            case Map<?, ?> map -> new ArrayList<>(map.keySet());
            case String text -> {
                budget.entries(text.length());
                yield Strings.characters(text);
            }
            case Undefined undefined -> List.of();
            default -> throw new TemplateException(kind(value) + " (expected: a list)");
        };
        budget.entries(items.size());
        return items;
    }

    public static long length(Object value) {
        return switch (value) {
            case String text -> Strings.length(text);
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Undefined undefined -> 0;
            default -> throw new TemplateException(kind(value) + " has no length");
        };
    }

    public static boolean contains(Object container, Object value) {
        return switch (container) {
            case String text -> text.contains(string(value, "in"));
            case List<?> list -> list.stream().anyMatch(item -> equal(item, value));
            case Map<?, ?> map -> map.containsKey(value);
            case Undefined undefined -> false;
            default -> throw new TemplateException(kind(container) + " (expected: a string, a list or a map)");
        };
    }

    /** For messages; throws for what is undefined, which is the better message. */
    public static String kind(Object value) {
        return switch (value) {
            case Undefined undefined -> throw undefined.error();
            case String text -> "a string";
            case Boolean truth -> "a truth value";
            case Long number -> "an integer";
            case Double number -> "a number";
            case None none -> "none";
            case List<?> list -> "a list";
            case Map<?, ?> map -> "a map";
            case Namespace namespace -> "a namespace";
            default -> "a function";
        };
    }
}
