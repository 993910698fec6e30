package dev.quern.inputs;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Buckets;
import dev.quern.artifacts.RangeCache;
import dev.quern.artifacts.RangeReader;
import dev.quern.artifacts.S3Bucket;
import dev.quern.contract.PinnedSource;
import dev.quern.contract.SourceStamp;
import dev.quern.engine.run.Source;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens checkpoints: a folder in place, objects by ranges through a cache.
 *
 * @param store holds uploads, and what was pinned
 */
public record Sources(ArtifactStore store, Buckets buckets, RangeCache cache) {
    private static final String UPLOAD = "upload:";

    /**
     * The source that was inspected.
     *
     * @param stamp as inspection gave it: of a folder's files, or the key of a {@link PinnedSource}
     * @throws QuernException SOURCE_CHANGED when it is not what was inspected any more, and as {@link Source#open}. A change of an object
     *     shows when it is read.
     */
    public Source open(String location, String stamp) {
        if (!PinnedSource.isFolder(location)) {
            return open(pinned(stamp));
        }
        Source source = Source.open(Path.of(location));
        try {
            SourceStamp.require(stamp, Path.of(location), source.checkpoint().files());
            return source;
        } catch (RuntimeException e) {
            source.close();
            throw e;
        }
    }

    /** Objects in the versions that are named; throws as {@link #open(String, String)}. */
    public Source open(PinnedSource source) {
        return Source.open(new ObjectFiles(source, reader(source.location()), cache));
    }

    private PinnedSource pinned(String key) {
        try {
            return RecordCodec.read(Json.parse(store.read(key)), PinnedSource.class);
        } catch (IOException e) {
            throw unavailable(key, e);
        }
    }

    private RangeReader reader(String location) {
        if (location.startsWith(UPLOAD)) {
            return store::open;
        }
        try {
            S3Bucket bucket = buckets.open(location);
            return bucket::open;
        } catch (IOException e) {
            throw unavailable(location, e);
        }
    }

    private static QuernException unavailable(String what, IOException e) {
        return new QuernException(
                ErrorCode.UNAVAILABLE,
                what + ": cannot be read, " + e.getMessage() + " (expected: a store that answers)",
                e);
    }
}
