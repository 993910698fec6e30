package dev.quern.engine.template.value;

/** A template that is wrong, that asks for what does not exist, or that refuses its input. */
public final class TemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final int UNKNOWN = 0;

    private final int line;
    private final boolean raised;

    /** An error whose line is found out by the one who evaluates. */
    public TemplateException(String message) {
        this(UNKNOWN, message, false);
    }

    private TemplateException(int line, String message, boolean raised) {
        super(message);
        this.line = line;
        this.raised = raised;
    }

    public static TemplateException at(int line, String message) {
        return new TemplateException(line, message, false);
    }

    /** What a template says by {@code raise_exception}. */
    public static TemplateException raised(String message) {
        return new TemplateException(UNKNOWN, message, true);
    }

    /** The same at a line, where it has none yet. */
    public TemplateException orAt(int other) {
        if (line != UNKNOWN) {
            return this;
        }
        TemplateException placed = new TemplateException(other, String.valueOf(getMessage()), raised);
        placed.setStackTrace(getStackTrace());
        return placed;
    }

    /** Line of the template, from 1. */
    public int line() {
        return line;
    }

    /** Whether the template itself refused its input, by {@code raise_exception}. */
    public boolean isRaised() {
        return raised;
    }
}
