package dev.quern.engine.template;

/**
 * What rendering may cost: a step for each expression and each few characters that are made. A template is a stranger's program; this ends
 * it within about a second, and before it fills the memory.
 */
final class Budget {
    private static final long STEPS = 1L << 25;
    private static final int CHARACTERS_OF_A_STEP = 4;
    /** An entry of a list takes about as much memory as so many steps' worth of characters. */
    private static final int STEPS_OF_AN_ENTRY = 8;

    private long left = STEPS;

    void step() {
        spend(1);
    }

    void characters(long count) {
        spend(count / CHARACTERS_OF_A_STEP);
    }

    void entries(long count) {
        spend(Math.multiplyExact(Math.min(count, STEPS), STEPS_OF_AN_ENTRY));
    }

    private void spend(long steps) {
        left -= steps;
        if (left < 0) {
            throw new TemplateException("more work than " + STEPS + " steps (expected: a template that ends)");
        }
    }
}
