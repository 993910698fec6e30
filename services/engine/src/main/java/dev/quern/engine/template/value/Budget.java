package dev.quern.engine.template.value;

/**
 * What rendering may cost: a step for each expression and each few characters that are made. A template is a stranger's
 * program; this ends it within about a second, and before it fills the memory.
 */
public final class Budget {
    private static final long STEPS = 1L << 25;
    private static final int CHARACTERS_OF_A_STEP = 2;
    /**
     * The longest text of one value. A list that holds the same list twice, and so on, would be written out without
     * end.
     */
    private static final int MAX_TEXT = 1 << 24;
    /** An entry of a list takes about as much memory as so many steps' worth of characters. */
    private static final int STEPS_OF_AN_ENTRY = 8;

    private long left = STEPS;

    public void step() {
        spend(1);
    }

    public void characters(long count) {
        spend(count / CHARACTERS_OF_A_STEP);
    }

    public void entries(long count) {
        spend(Math.multiplyExact(Math.min(count, STEPS), STEPS_OF_AN_ENTRY));
    }

    /** Refuses a text that is being made of a value, once it is too long. */
    public static void requireShort(StringBuilder text) {
        if (text.length() > MAX_TEXT) {
            throw new TemplateException("a value of more than " + MAX_TEXT + " characters (expected: a shorter one)");
        }
    }

    private void spend(long steps) {
        left -= steps;
        if (left < 0) {
            throw new TemplateException("more work than " + STEPS + " steps (expected: a template that ends)");
        }
    }
}
