package dev.quern.control;

import java.util.Optional;

/**
 * The workers of class {@value #CLASS} that this installation starts itself. Where others start them, there is no such
 * bean.
 */
@FunctionalInterface
public interface WorkerSupply {
    /** The class of a worker that is given no other. */
    String CLASS = "cpu";

    /** Why none of them comes up, in one sentence; empty while one runs or may still come up. */
    Optional<String> trouble();
}
