package dev.quern.engine.checkpoint.safetensors;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * A safetensors file among others. No tensor is read before the whole header has been checked against the file's size.
 */
public final class SafetensorsFile {
    /** The limit of the reference reader. */
    static final long MAX_HEADER = 100_000_000;

    private static final int LENGTH = Long.BYTES;

    private final CheckpointFiles files;
    private final String name;
    private final Map<String, TensorEntry> entries;
    private final long dataStart;
    private final long size;

    private SafetensorsFile(CheckpointFiles files, String name, SafetensorsHeader header, long size) {
        this.files = files;
        this.name = name;
        this.entries = header.entries();
        this.dataStart = size - header.dataBytes();
        this.size = size;
    }

    /**
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT for a file that docs/formats.md, safetensors
     *     rejects
     */
    public static SafetensorsFile open(CheckpointFiles files, String name) {
        long size = files.version(name).size();
        long headerBytes = headerBytes(files, name, size);
        SafetensorsHeader header = SafetensorsHeader.parse(name, files.read(name, LENGTH, (int) headerBytes));
        checkCovered(name, header.dataBytes(), size - LENGTH - headerBytes);
        return new SafetensorsFile(files, name, header, size);
    }

    private static long headerBytes(CheckpointFiles files, String name, long size) {
        if (size < LENGTH) {
            throw damaged(name, size + " bytes (expected: at least " + LENGTH + ")");
        }
        long length = MemorySegment.ofArray(files.read(name, 0, LENGTH))
                .get(ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0);
        if (length < 0 || length > MAX_HEADER) {
            throw damaged(
                    name,
                    "header of " + Long.toUnsignedString(length) + " bytes (expected: at most " + MAX_HEADER + ")");
        }
        if (length > size - LENGTH) {
            throw damaged(
                    name,
                    "header of " + length + " bytes in a file of " + size
                            + " (expected: a header that the file holds)");
        }
        return length;
    }

    private static void checkCovered(String name, long declared, long present) {
        if (present < declared) {
            throw damaged(
                    name, "truncated: " + present + " bytes of data (expected: " + declared + ", as the header says)");
        }
        if (present > declared) {
            throw damaged(name, (present - declared) + " bytes after the last tensor (expected: none)");
        }
    }

    public String name() {
        return name;
    }

    /** By name, in the order of the header. */
    public Map<String, TensorEntry> entries() {
        return entries;
    }

    /** Size of the whole file. */
    public long size() {
        return size;
    }

    /** Where the data section begins in the file. */
    long dataStart() {
        return dataStart;
    }

    /**
     * @param arena may own the tensor's memory
     * @throws dev.quern.recipes.error.QuernException INVALID_CHECKPOINT when there is no such tensor
     */
    public StoredTensor tensor(String tensor, Arena arena) {
        TensorEntry entry = entry(tensor);
        MemorySegment data = entry.bytes() == 0
                ? MemorySegment.NULL
                : files.map(name, dataStart + entry.begin(), entry.bytes(), arena);
        return new StoredTensor(tensor, entry.type(), entry.shape(), data);
    }

    /** What the header says of a tensor; throws as {@link #tensor}. */
    public TensorEntry entry(String tensor) {
        TensorEntry entry = entries.get(tensor);
        if (entry == null) {
            throw damaged(name, tensor + ": missing (expected: a tensor of this name)");
        }
        return entry;
    }

    /** Where a tensor is in the file; throws as {@link #tensor}. */
    public CheckpointFiles.Range range(String tensor) {
        TensorEntry entry = entry(tensor);
        return new CheckpointFiles.Range(name, dataStart + entry.begin(), entry.bytes());
    }
}
