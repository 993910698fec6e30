package dev.quern.engine;

/** A flag that another thread raises to stop work; the engine asks it between panels, at most 2 s of work apart. */
@FunctionalInterface
public interface Cancellation {
    Cancellation NEVER = () -> false;

    boolean requested();

    /** @throws CancelledException if cancellation was requested */
    default void check() {
        if (requested()) {
            throw new CancelledException();
        }
    }

    /** The work was stopped on request; nothing durable was deleted. */
    final class CancelledException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public CancelledException() {
            super("cancelled");
        }
    }
}
