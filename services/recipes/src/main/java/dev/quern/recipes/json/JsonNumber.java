package dev.quern.recipes.json;

import java.math.BigDecimal;
import java.util.regex.Pattern;

/** A JSON number as it was written: {@code 1e-05} stays {@code 1e-05}. Equality is of the text. */
public record JsonNumber(String text) implements JsonValue {
    private static final Pattern GRAMMAR = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
    private static final int MAX_LENGTH = 400;
    /** Beyond this a double no longer holds every integer. */
    private static final double EXACT = 1L << 53;

    public JsonNumber {
        if (!isNumber(text)) {
            throw new IllegalArgumentException("number: " + text + " (expected: a JSON number)");
        }
    }

    public static boolean isNumber(String text) {
        return text.length() <= MAX_LENGTH && GRAMMAR.matcher(text).matches();
    }

    public static JsonNumber of(long value) {
        return new JsonNumber(Long.toString(value));
    }

    /**
     * The shortest text that reads back as the same double; whole numbers without a fraction.
     *
     * @throws IllegalArgumentException for NaN and infinity, which JSON cannot hold
     */
    public static JsonNumber of(double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("number: " + value + " (expected: finite, JSON has no other)");
        }
        return new JsonNumber(shortest(value, Double.toString(value)));
    }

    /** As {@link #of(double)} with the digits that a float needs. */
    public static JsonNumber of(float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException("number: " + value + " (expected: finite, JSON has no other)");
        }
        return new JsonNumber(shortest(value, Float.toString(value)));
    }

    private static String shortest(double value, String text) {
        if (Math.abs(value) < EXACT && value == Math.rint(value)) {
            // Minus zero is zero to every reader that matters, and one text is better than two.
            return Long.toString((long) value);
        }
        return text.replace(".0E", "E").replace('E', 'e');
    }

    /** True when the value is a whole number that a long holds. */
    public boolean isLong() {
        if (exponent() > 20) {
            return false;
        }
        try {
            decimal().longValueExact();
            return true;
        } catch (ArithmeticException e) {
            return false;
        }
    }

    /**
     * The exact value.
     *
     * @throws ArithmeticException when it is not a whole number or does not fit
     */
    public long longValue() {
        if (!isLong()) {
            throw new ArithmeticException("number: " + text + " (expected: a whole number of at most 64 bits)");
        }
        return decimal().longValueExact();
    }

    /** The nearest double; infinite when it is out of range. */
    public double doubleValue() {
        return Double.parseDouble(text);
    }

    /** Guards BigDecimal against 1e999999999, which it would write out in full. */
    private int exponent() {
        int e = Math.max(text.indexOf('e'), text.indexOf('E'));
        if (e < 0) {
            return 0;
        }
        String digits = text.substring(e + 1);
        return digits.length() > 4 ? Integer.MAX_VALUE : Math.abs(Integer.parseInt(digits));
    }

    private BigDecimal decimal() {
        return new BigDecimal(text);
    }
}
