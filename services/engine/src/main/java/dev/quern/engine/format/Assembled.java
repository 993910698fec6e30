package dev.quern.engine.format;

import dev.quern.engine.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The files that an assembly wrote, relative to its folder.
 *
 * @param index of the shards, null where one file holds all
 */
public record Assembled(
        List<String> weights,
        List<String> sideFiles,
        @Nullable String index) {
    public Assembled {
        weights = List.copyOf(weights);
        sideFiles = List.copyOf(sideFiles);
    }

    /** The files that loaders read, config.json last: no loader opens a folder without it. */
    public List<String> files() {
        return inPublishOrder(List.of());
    }

    /** Weights, side files, index, reports, config.json; the manifest follows when all of these are in place. */
    public List<String> inPublishOrder(List<String> reports) {
        List<String> files = new ArrayList<>(weights);
        files.addAll(sideFiles);
        if (index != null) {
            files.add(index);
        }
        files.addAll(reports);
        files.add(ModelConfig.FILE);
        return files;
    }
}
