package dev.quern.engine.checkpoint.safetensors;

import dev.quern.engine.checkpoint.files.Refusal;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;

/**
 * Writes a safetensors file. Names, types and shapes are given first, data later and in any order, each tensor at its
 * own place: the bytes depend on the tensors alone, and nothing is held in memory. The file appears under its name when
 * it is complete. Not for use by several threads at once.
 */
public final class SafetensorsWriter implements AutoCloseable {
    /** A write call takes a buffer of at most 2 GiB; smaller ones keep temporary copies small. */
    private static final long SLICE = 8L << 20;

    private final Path file;
    private final Path temporary;
    private final SafetensorsLayout layout;
    private final FileChannel channel;
    private final Set<String> missing;

    private SafetensorsWriter(Path file, Path temporary, SafetensorsLayout layout, FileChannel channel) {
        this.file = file;
        this.temporary = temporary;
        this.layout = layout;
        this.channel = channel;
        this.missing = new TreeSet<>(layout.entries().keySet());
    }

    /** @throws IOException also when the file exists */
    public static SafetensorsWriter create(Path file, Collection<OutputTensor> tensors) throws IOException {
        if (Files.exists(file)) {
            throw new IOException(file + ": exists (expected: a new file)");
        }
        SafetensorsLayout layout = SafetensorsLayout.of(tensors);
        Path temporary = file.resolveSibling("." + Refusal.name(file) + ".tmp");
        FileChannel channel = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        SafetensorsWriter writer = new SafetensorsWriter(file, temporary, layout, channel);
        try {
            writer.writeFully(layout.prologue(), 0);
            return writer;
        } catch (IOException e) {
            writer.close();
            throw e;
        }
    }

    /** @param data as many bytes as the tensor has, little-endian */
    public void write(String tensor, MemorySegment data) throws IOException {
        TensorEntry entry = layout.entries().get(tensor);
        if (entry == null || !missing.remove(tensor)) {
            throw new IllegalArgumentException("tensor: " + tensor + " (expected one of: " + missing + ")");
        }
        if (data.byteSize() != entry.bytes()) {
            throw new IllegalArgumentException(
                    tensor + ": " + data.byteSize() + " bytes (expected: " + entry.bytes() + ")");
        }
        writeFully(data, layout.position(entry));
    }

    private void writeFully(MemorySegment data, long position) throws IOException {
        for (long from = 0; from < data.byteSize(); from += SLICE) {
            long length = Math.min(SLICE, data.byteSize() - from);
            ByteBuffer buffer = data.asSlice(from, length).asByteBuffer();
            while (buffer.hasRemaining()) {
                channel.write(buffer, position + from + buffer.position());
            }
        }
    }

    /**
     * Makes the file durable and gives it its name.
     *
     * @throws IllegalStateException when a tensor was not written
     */
    public void commit() throws IOException {
        if (!missing.isEmpty()) {
            throw new IllegalStateException(file + ": without " + missing + " (expected: every tensor written)");
        }
        channel.force(true);
        channel.close();
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Size of the file when it is complete. */
    public long fileBytes() {
        return layout.fileBytes();
    }

    /** Leaves nothing behind unless committed. */
    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(temporary);
    }
}
