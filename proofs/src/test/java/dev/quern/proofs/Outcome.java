package dev.quern.proofs;

import java.util.List;

/**
 * What came of a trial.
 *
 * @param stage of the job at the moment of the kill
 * @param seconds from the kill until the job entered its next stage or was over
 * @param problems what did not hold; empty is what all of this is for
 */
record Outcome(Trial trial, String stage, double seconds, List<String> problems) {
    boolean holds() {
        return problems.isEmpty();
    }

    String words() {
        return holds() ? "same bytes, each block once" : String.join("; ", problems);
    }
}
