package dev.quern.worker.device;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Workers that were given no scratch folder have one each in the machine's folder for temporary files. Such a worker
 * locks a file beside its folder. The operating system releases the lock when the process ends, even if it is killed,
 * so the next worker can tell which folders are no longer in use.
 */
public final class ScratchLock {
    public static final String PREFIX = "quern-worker-";
    private static final String SUFFIX = ".lock";
    private static final Pattern NAME = Pattern.compile(PREFIX + "\\d+");
    private static final Logger LOG = LoggerFactory.getLogger(ScratchLock.class);
    /** Open as long as the process lives. */
    private static final List<FileChannel> HELD = new ArrayList<>();

    private ScratchLock() {}

    /**
     * Takes a standard folder for this process, and deletes those of processes that have died. Does nothing for any
     * other folder.
     */
    static void take(Path folder) throws IOException {
        String name = folder.getFileName().toString();
        if (NAME.matcher(name).matches()) {
            Path parent = Objects.requireNonNull(folder.toAbsolutePath().getParent());
            lock(parent.resolve(name + SUFFIX));
            sweep(parent, name);
        }
    }

    private static synchronized void lock(Path file) throws IOException {
        if (!HELD.isEmpty()) {
            // By another worker of this process.
            return;
        }
        while (true) {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (channel.tryLock() == null) {
                channel.close();
                throw new IOException(
                        file + ": another process has it (expected: a scratch folder of this worker's own)");
            }
            // Else a sweep took it for left over in the moment in which it was not locked yet.
            if (Files.exists(file)) {
                HELD.add(channel);
                return;
            }
            channel.close();
        }
    }

    private static void sweep(Path parent, String own) throws IOException {
        try (Stream<Path> files = Files.list(parent)) {
            for (Path lock : files.toList()) {
                String name = lock.getFileName().toString();
                String folder = name.endsWith(SUFFIX) ? name.substring(0, name.length() - SUFFIX.length()) : "";
                if (NAME.matcher(folder).matches() && !folder.equals(own)) {
                    deleteUnlocked(lock, parent.resolve(folder));
                }
            }
        }
    }

    private static void deleteUnlocked(Path lock, Path folder) {
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.WRITE)) {
            if (channel.tryLock() != null) {
                Scratch.delete(folder);
                Files.deleteIfExists(lock);
                LOG.info("{}: deleted, its worker has died", folder);
            }
        } catch (NoSuchFileException e) {
            // Another worker was faster.
        } catch (IOException e) {
            // Somebody else's, perhaps.
            LOG.debug("{}: not deleted: {}", folder, e.toString());
        }
    }
}
