package dev.quern.engine.artifact;

import java.util.List;
import java.util.stream.Stream;

/**
 * The artifacts by which workers share a block; of no use once the block is there.
 *
 * @param statistics by run of tiles, then by work unit; where a text has fewer runs, the rest of the names stay unused
 * @param parts by work unit
 */
public record SharedNames(List<List<ArtifactName>> statistics, List<ArtifactName> parts) {
    public SharedNames {
        statistics = statistics.stream().map(List::copyOf).toList();
        parts = List.copyOf(parts);
    }

    /** All of them. */
    public Stream<ArtifactName> all() {
        return Stream.concat(statistics.stream().flatMap(List::stream), parts.stream());
    }
}
