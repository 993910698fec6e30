package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.files.Refusal;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * A local folder: files are mapped where they lie, once and whole, and never copied. A link may lead to a file in the
 * folder, or to one of a hub's cache, where snapshots/REVISION/NAME leads to blobs/DIGEST: any other could bring a file
 * of this machine into a result.
 */
public final class FolderFiles implements CheckpointFiles {
    /** A file may change again within the tick of its file system's clock. */
    private static final Duration TICK = Duration.ofSeconds(2);
    /** Small enough to be looked at in the cache that it was read into. */
    private static final int CHUNK = 1 << 20;

    private final Path folder;
    private final Path root;
    private final Arena arena;
    private final Map<String, MemorySegment> mapped = new ConcurrentHashMap<>();

    /** @throws QuernException INVALID_CHECKPOINT when there is no such folder */
    @SuppressWarnings("MustBeClosed") // close() closes it
    public FolderFiles(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, folder + ": no such folder (expected: a checkpoint's folder)");
        }
        this.folder = folder;
        try {
            this.root = folder.toRealPath();
        } catch (IOException e) {
            throw Refusal.unreadable(folder.toString(), e);
        }
        this.arena = Arena.ofShared();
    }

    @Override
    public String location() {
        return folder.toString();
    }

    @Override
    public List<String> names() {
        List<String> names = new ArrayList<>();
        addFiles(folder, "", names);
        Path templates = folder.resolve(CheckpointFolder.TEMPLATES);
        if (Files.isDirectory(templates)) {
            addFiles(templates, CheckpointFolder.TEMPLATES + "/", names);
        }
        return names;
    }

    private static void addFiles(Path folder, String prefix, List<String> names) {
        try (Stream<Path> files = Files.list(folder)) {
            files.filter(Files::isRegularFile).forEach(file -> names.add(prefix + Refusal.name(file)));
        } catch (IOException e) {
            throw Refusal.unreadable(folder.toString(), e);
        }
    }

    /** The file behind a name. */
    private Path file(String name) throws IOException {
        Path file = folder.resolve(name);
        Path real = file.toRealPath();
        if (!real.startsWith(root) && !isBlob(real)) {
            throw new QuernException(
                    ErrorCode.UNSAFE_CHECKPOINT,
                    name + ": a link to " + real + " (expected: a file in " + folder
                            + ", or of a hub's cache beside it)");
        }
        if (!Files.isRegularFile(real)) {
            throw damaged(name, "no regular file (expected: one)");
        }
        return real;
    }

    private boolean isBlob(Path file) {
        Path snapshots = root.getParent();
        return snapshots != null
                && snapshots.endsWith("snapshots")
                && snapshots.resolveSibling("blobs").equals(file.getParent());
    }

    /** The time of the last change, and the file behind the name. */
    @Override
    public Version version(String name) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file(name), BasicFileAttributes.class);
            Instant time = attributes.lastModifiedTime().toInstant();
            boolean settled = time.isBefore(Instant.now().minus(TICK));
            return new Version(attributes.size(), time + " " + attributes.fileKey(), settled);
        } catch (IOException e) {
            throw Refusal.unreadable(name, e);
        }
    }

    @Override
    public byte[] read(String name, long offset, int length) {
        try (FileChannel channel = FileChannel.open(file(name), StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocate(length);
            while (buffer.hasRemaining()) {
                if (channel.read(buffer, offset + buffer.position()) < 0) {
                    long end = offset + buffer.position();
                    throw damaged(name, "ends at byte " + end + " (expected: " + (offset + length) + ")");
                }
            }
            return buffer.array();
        } catch (IOException e) {
            throw Refusal.unreadable(name, e);
        }
    }

    @Override
    public void stream(String name, Sink sink) {
        byte[] buffer = new byte[CHUNK];
        try (InputStream in = Files.newInputStream(file(name))) {
            for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
                sink.accept(buffer, read);
            }
        } catch (IOException e) {
            throw Refusal.unreadable(name, e);
        }
    }

    @Override
    public MemorySegment map(String name, long offset, long length, Arena ignored) {
        return mapped.computeIfAbsent(name, this::map).asSlice(offset, length);
    }

    private MemorySegment map(String name) {
        try (FileChannel channel = FileChannel.open(file(name), StandardOpenOption.READ)) {
            return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        } catch (IOException e) {
            throw Refusal.unreadable(name, e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
