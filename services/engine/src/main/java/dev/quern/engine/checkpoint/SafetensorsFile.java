package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.Refusal.damaged;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** A safetensors file, mapped. Nothing is mapped before the whole header has been checked against the file's size. */
public final class SafetensorsFile {
    /** The limit of the reference reader. */
    static final long MAX_HEADER = 100_000_000;

    private static final int LENGTH = Long.BYTES;

    private final Path path;
    private final Map<String, TensorEntry> entries;
    private final MemorySegment bytes;
    private final MemorySegment data;

    private SafetensorsFile(Path path, SafetensorsHeader header, MemorySegment bytes) {
        this.path = path;
        this.entries = header.entries();
        this.bytes = bytes;
        this.data = bytes.asSlice(bytes.byteSize() - header.dataBytes());
    }

    /**
     * @param arena owns the mapping
     * @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT for a file that FORMATS.md 1.3 rejects
     */
    public static SafetensorsFile open(Path path, Arena arena) {
        String name = Refusal.name(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            long headerBytes = headerBytes(name, channel, size);
            byte[] json = read(name, channel, LENGTH, (int) headerBytes);
            SafetensorsHeader header = SafetensorsHeader.parse(name, json);
            long start = LENGTH + headerBytes;
            checkCovered(name, header.dataBytes(), size - start);
            return new SafetensorsFile(path, header, channel.map(MapMode.READ_ONLY, 0, size, arena));
        } catch (IOException e) {
            throw Refusal.unreadable(path, e);
        }
    }

    private static long headerBytes(String name, FileChannel channel, long size) throws IOException {
        if (size < LENGTH) {
            throw damaged(name, size + " bytes (expected: at least " + LENGTH + ")");
        }
        long length = MemorySegment.ofArray(read(name, channel, 0, LENGTH))
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

    private static byte[] read(String name, FileChannel channel, long at, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) < 0) {
                throw damaged(name, "ends at byte " + (at + buffer.position()) + " (expected: " + (at + length) + ")");
            }
        }
        return buffer.array();
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

    public Path path() {
        return path;
    }

    /** By name, in the order of the header. */
    public Map<String, TensorEntry> entries() {
        return entries;
    }

    /** Size of the whole file. */
    public long size() {
        return bytes.byteSize();
    }

    /** @throws dev.quern.recipes.QuernException INVALID_CHECKPOINT when there is no such tensor */
    public StoredTensor tensor(String name) {
        TensorEntry entry = entry(name);
        return new StoredTensor(name, entry.type(), entry.shape(), data.asSlice(entry.begin(), entry.bytes()));
    }

    /** What the header says of a tensor; throws as {@link #tensor}. */
    public TensorEntry entry(String name) {
        TensorEntry entry = entries.get(name);
        if (entry == null) {
            throw damaged(Refusal.name(path), name + ": missing (expected: a tensor of this name)");
        }
        return entry;
    }

    /** The whole file. */
    MemorySegment bytes() {
        return bytes;
    }
}
