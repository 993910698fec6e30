package dev.quern.control.reading.message;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.inputs.SourceStamp;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files that a model consists of.
 *
 * @param names relative to its place
 * @param folderStamp of a place that is a folder, see {@link SourceStamp}
 */
public record ModelFiles(List<String> names, @Nullable String folderStamp) {
    public ModelFiles {
        names = List.copyOf(names);
    }

    public static ModelFiles of(Checkpoint checkpoint, Place place) {
        List<String> names = checkpoint.files();
        return new ModelFiles(names, place.pinned() == null ? SourceStamp.of(Path.of(place.location()), names) : null);
    }
}
