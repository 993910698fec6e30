package dev.quern.engine.template.value;

import java.util.ArrayList;
import java.util.List;

/** Operators on values, as Python has them; integers beyond 64 bits are errors. */
public record Arithmetic(Budget budget) {
    public Object apply(String operator, Object a, Object b) {
        try {
            return switch (operator) {
                case "~" -> joined(Values.text(a), Values.text(b));
                case "+" -> sum(a, b);
                case "*" -> product(a, b);
                default -> numbers(operator, a, b);
            };
        } catch (ArithmeticException e) {
            throw new TemplateException(operator + ": " + e.getMessage());
        }
    }

    public Object negative(Object value) {
        return value instanceof Double number ? (Object) (-number) : (Object) Math.negateExact(Values.integer(value));
    }

    private Object sum(Object a, Object b) {
        if (a instanceof String left && b instanceof String right) {
            return joined(left, right);
        }
        if (a instanceof List<?> left
                && b instanceof List<?> right
                && left instanceof Tuple == right instanceof Tuple) {
            budget.entries((long) left.size() + right.size());
            List<Object> both = new ArrayList<>(left);
            both.addAll(right);
            return a instanceof Tuple ? new Tuple(both) : both;
        }
        return numbers("+", a, b);
    }

    private String joined(String left, String right) {
        budget.characters((long) left.length() + right.length());
        return left + right;
    }

    private Object product(Object a, Object b) {
        if (b instanceof String || b instanceof List<?>) {
            return a instanceof Long ? product(b, a) : numbers("*", a, b);
        }
        if (a instanceof String text && b instanceof Long count) {
            budget.characters(Math.multiplyExact(text.length(), Math.max(0, count)));
            return text.repeat(Math.toIntExact(Math.max(0, count)));
        }
        if (a instanceof List<?> list && b instanceof Long count) {
            budget.entries(Math.multiplyExact(list.size(), Math.max(0, count)));
            List<Object> repeated = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                repeated.addAll(list);
            }
            return repeated;
        }
        return numbers("*", a, b);
    }

    private static Object numbers(String operator, Object a, Object b) {
        if (!Values.isNumber(a) || !Values.isNumber(b)) {
            throw new TemplateException(
                    operator + ": " + Values.kind(a) + " and " + Values.kind(b) + " (expected: two of a kind)");
        }
        boolean real = a instanceof Double || b instanceof Double || operator.equals("/");
        return real
                ? (Object) reals(operator, Values.real(a), Values.real(b))
                : integers(operator, Values.integer(a), Values.integer(b));
    }

    private static double reals(String operator, double a, double b) {
        if (b == 0 && (operator.equals("/") || operator.equals("//") || operator.equals("%"))) {
            throw new ArithmeticException("division by zero");
        }
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "/" -> a / b;
            case "//" -> Math.floor(a / b);
            case "%" -> a - b * Math.floor(a / b);
            default -> Math.pow(a, b);
        };
    }

    private static Object integers(String operator, long a, long b) {
        return switch (operator) {
            case "+" -> Math.addExact(a, b);
            case "-" -> Math.subtractExact(a, b);
            case "*" -> Math.multiplyExact(a, b);
            case "//" -> Math.floorDiv(a, b);
            case "%" -> Math.floorMod(a, b);
            default ->
                b < 0
                        ? (Object) reals(operator, (double) a, (double) b)
                        : (Object) Math.powExact(a, Math.toIntExact(b));
        };
    }
}
