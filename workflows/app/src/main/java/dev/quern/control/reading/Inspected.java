package dev.quern.control.reading;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What inspection found; the token windows are in the folder that was named.
 *
 * @param files that the model consists of
 * @param folderStamp of a source that is a folder, see {@link dev.quern.contract.SourceStamp}
 * @param calibration name of the file with the token windows
 * @param evaluations likewise, one per text
 */
public record Inspected(
        List<String> files, @Nullable String folderStamp, String calibration, List<String> evaluations) {
    public Inspected {
        files = List.copyOf(files);
        evaluations = List.copyOf(evaluations);
    }
}
