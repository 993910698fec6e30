package dev.quern.engine.evaluation;

/** Receives the progress of an evaluation, on its thread; must return at once. */
@FunctionalInterface
public interface Progress {
    Progress NONE = (done, total) -> {};

    /** {@code done} of {@code total} steps of about a tile's work are over. */
    void at(int done, int total);
}
