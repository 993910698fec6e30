package dev.quern.engine.checkpoint.files;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collection;

/**
 * The files of a checkpoint, wherever they lie: this is all that the engine knows of a place. Names are relative, with
 * forward slashes. Every read is of the version that was there when this was opened, or fails. May be shared by
 * threads.
 *
 * <p>Errors of every method are {@link dev.quern.recipes.error.QuernException}s that name the file: INVALID_CHECKPOINT
 * for one that cannot be read, SOURCE_CHANGED for one that is another version now, UNAVAILABLE where the place does not
 * answer, DISK_BUDGET where there is no room for a local copy of a range.
 */
public interface CheckpointFiles extends AutoCloseable {
    /** For people: a folder's path, or an address. */
    String location();

    /** All regular files in any order; those that a checkpoint has no use for are ignored. */
    Collection<String> names();

    /** Says which version of a file it is. */
    Version version(String name);

    /** A small part of a file. */
    byte[] read(String name, long offset, int length);

    /**
     * Passes a whole file by, from its first byte to its last, without keeping it. What the sink throws ends the
     * reading.
     */
    void stream(String name, Sink sink);

    /**
     * A part of a file as memory, read-only, possibly unaligned.
     *
     * @param arena may own the memory; it is valid while both the arena and these files are open
     */
    MemorySegment map(String name, long offset, long length, Arena arena);

    /** Says what will be mapped soon, for places that are far away. */
    default void expect(Collection<Range> ranges) {}

    @Override
    void close();

    /**
     * @param version differs when the content may, for equal names and sizes
     * @param settled false while a later change could still have the same version
     */
    record Version(long size, String version, boolean settled) {
        public boolean isSame(Version other) {
            return size == other.size && version.equals(other.version);
        }
    }

    /** The bytes [offset, offset + length) of a file. */
    record Range(String name, long offset, long length) {}

    /** Takes the next bytes of a file. */
    @FunctionalInterface
    interface Sink {
        /** @param buffer is used again afterwards */
        void accept(byte[] buffer, int length);
    }
}
