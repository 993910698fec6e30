package dev.quern.inputs;

import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.range.ObjectRange;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.range.RangeReader;
import dev.quern.artifacts.range.RangeStream;
import dev.quern.contract.plan.PinnedSource;
import dev.quern.engine.checkpoint.files.DistantFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * A source that consists of objects as the engine sees it: in the versions that were inspected, by ranges, through the
 * cache.
 */
final class ObjectFiles extends DistantFiles {
    private final String location;
    private final Map<String, PinnedSource.File> files;
    private final RangeReader reader;
    private final RangeCache cache;

    ObjectFiles(PinnedSource source, RangeReader reader, RangeCache cache) {
        super(source.location(), versions(source));
        this.location = source.location();
        this.files = source.files().stream().collect(Collectors.toMap(PinnedSource.File::name, file -> file));
        this.reader = reader;
        this.cache = cache;
    }

    private static Map<String, Version> versions(PinnedSource source) {
        return source.files().stream()
                .collect(
                        Collectors.toMap(PinnedSource.File::name, file -> new Version(file.size(), file.etag(), true)));
    }

    @Override
    protected void pass(Range file, Sink sink) throws IOException {
        RangeStream.read(reader, object(file), sink::accept);
    }

    @Override
    protected MemorySegment fetch(Range range, Arena arena) throws IOException {
        return cache.map(reader, object(range), arena);
    }

    @Override
    public void expect(Collection<Range> ranges) {
        cache.expect(reader, ranges.stream().map(this::object).toList());
    }

    @Override
    protected boolean isChange(IOException error) {
        return error instanceof ObjectChangedException || error instanceof NoSuchObjectException;
    }

    private ObjectRange object(Range range) {
        PinnedSource.File file = Objects.requireNonNull(files.get(range.name()), range.name());
        return new ObjectRange(location, file.key(), file.etag(), range.offset(), range.length());
    }

    /** The cache serves the next reader of the same versions. */
    @Override
    public void close() {}
}
