package dev.quern.recipes.process;

/** Lines of output by which a process tells the one that started it how it is. */
public final class ProcessWords {
    /** The whole line that says that the process takes work. */
    public static final String READY = "quern-ready";

    /** Begins the last line of a process that cannot do its work: the rest says why. */
    public static final String CAUSE = "quern: ";

    private ProcessWords() {}
}
