package dev.quern.engine.checkpoint.files;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.FullDisk;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collection;
import java.util.Map;

/**
 * Files of a place that is reached by reads that may fail: gives what goes wrong there its code and the file's name.
 */
public abstract class DistantFiles implements CheckpointFiles {
    private final String location;
    private final Map<String, Version> versions;

    /**
     * @param location an address without a slash at its end
     * @param versions of the files, by name: those that all reads are of
     */
    protected DistantFiles(String location, Map<String, Version> versions) {
        this.location = location;
        this.versions = Map.copyOf(versions);
    }

    protected abstract void pass(Range file, Sink sink) throws IOException;

    protected abstract MemorySegment fetch(Range range, Arena arena) throws IOException;

    /** True for the error of a file that is another version now, or gone. */
    protected abstract boolean isChange(IOException error);

    @Override
    public final String location() {
        return location;
    }

    @Override
    public final Collection<String> names() {
        return versions.keySet();
    }

    @Override
    public final Version version(String name) {
        Version version = versions.get(name);
        if (version == null) {
            throw Refusal.damaged(name, "missing (expected: in " + location + ")");
        }
        return version;
    }

    @Override
    public final byte[] read(String name, long offset, int length) {
        try (Arena arena = Arena.ofConfined()) {
            return map(name, offset, length, arena).toArray(ValueLayout.JAVA_BYTE);
        }
    }

    @Override
    public final void stream(String name, Sink sink) {
        try {
            pass(new Range(name, 0, version(name).size()), sink);
        } catch (IOException e) {
            throw explain(name, e);
        }
    }

    @Override
    public final MemorySegment map(String name, long offset, long length, Arena arena) {
        try {
            return length == 0 ? MemorySegment.NULL : fetch(new Range(name, offset, length), arena);
        } catch (IOException e) {
            throw explain(name, e);
        }
    }

    private QuernException explain(String name, IOException error) {
        String file = location + "/" + name;
        if (isChange(error)) {
            return new QuernException(
                    ErrorCode.SOURCE_CHANGED,
                    file + ": changed since it was inspected (expected: version "
                            + version(name).version() + ")",
                    error);
        }
        return FullDisk.caused(error)
                ? new QuernException(
                        ErrorCode.DISK_BUDGET,
                        file + ": " + error.getMessage() + " (expected: room for the cache of sources)",
                        error)
                : new QuernException(
                        ErrorCode.UNAVAILABLE,
                        file + ": cannot be read, " + error.getMessage() + " (expected: a place that answers)",
                        error);
    }
}
