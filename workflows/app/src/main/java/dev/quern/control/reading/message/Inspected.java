package dev.quern.control.reading.message;

import java.util.List;

/**
 * What inspection found; the token windows are in the folder that was named.
 *
 * @param source files of the model
 * @param calibration name of the file with the token windows
 * @param evaluations likewise, one per text
 */
public record Inspected(ModelFiles source, String calibration, List<String> evaluations) {
    public Inspected {
        evaluations = List.copyOf(evaluations);
    }
}
