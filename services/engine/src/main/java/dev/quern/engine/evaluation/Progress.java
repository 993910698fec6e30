package dev.quern.engine.evaluation;

/** Hears how an evaluation goes on, from its thread; must return at once. */
@FunctionalInterface
public interface Progress {
    Progress NONE = (done, total) -> {};

    /** {@code done} of {@code total} steps of about a tile's work are over. */
    void at(int done, int total);
}
