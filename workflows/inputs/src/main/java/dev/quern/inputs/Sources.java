package dev.quern.inputs;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.range.RangeReader;
import dev.quern.artifacts.s3.S3Bucket;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.contract.plan.PinnedSource;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.run.Source;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Opens checkpoints: a folder in place, objects by ranges through a cache.
 *
 * @param store holds uploads, results of jobs, and what was pinned
 */
public record Sources(ArtifactStore store, Buckets buckets, RangeCache cache) {
    private static final List<String> OWN = List.of("upload:", "job:");

    /**
     * The source that was inspected.
     *
     * @param stamp as inspection gave it: of a folder's files, or the key of a {@link PinnedSource}
     * @throws QuernException SOURCE_CHANGED when it is not what was inspected any more, and as {@link Source#open}. A
     *     change of an object shows when it is read.
     */
    public Source open(String location, String stamp) {
        if (!PinnedSource.isFolder(location)) {
            return open(pinned(stamp));
        }
        Source source = Source.open(Path.of(location));
        requireSame(source.checkpoint(), location, stamp);
        return source;
    }

    /**
     * The finished result that was inspected; as {@link #open(String, String)}.
     *
     * @throws QuernException SOURCE_CHANGED when it is not what was inspected any more, and as
     *     {@link CompressedCheckpoint#open}
     */
    public CompressedCheckpoint openResult(String location, String stamp) {
        if (!PinnedSource.isFolder(location)) {
            return openResult(pinned(stamp));
        }
        CompressedCheckpoint result = CompressedCheckpoint.open(Path.of(location));
        requireSame(result.checkpoint(), location, stamp);
        return result;
    }

    /** Closes what has changed. */
    private static void requireSame(Checkpoint checkpoint, String location, String stamp) {
        try {
            SourceStamp.require(stamp, Path.of(location), checkpoint.files());
        } catch (RuntimeException e) {
            checkpoint.close();
            throw e;
        }
    }

    /** Objects in the versions that are named; throws as {@link #open(String, String)}. */
    public Source open(PinnedSource source) {
        return Source.open(new ObjectFiles(source, reader(source.location()), cache));
    }

    /** Objects in the versions that are named; throws as {@link #openResult(String, String)}. */
    public CompressedCheckpoint openResult(PinnedSource result) {
        return CompressedCheckpoint.open(new ObjectFiles(result, reader(result.location()), cache));
    }

    private PinnedSource pinned(String key) {
        try {
            return RecordCodec.read(Json.parse(store.read(key)), PinnedSource.class);
        } catch (IOException e) {
            throw unavailable(key, e);
        }
    }

    private RangeReader reader(String location) {
        if (OWN.stream().anyMatch(location::startsWith)) {
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
