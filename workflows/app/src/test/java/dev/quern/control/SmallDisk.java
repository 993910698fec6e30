package dev.quern.control;

import dev.quern.recipes.error.FullDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that is soon full: a tmpfs that only one process sees, in a namespace of its own, so that nobody has to be
 * root.
 */
final class SmallDisk {
    private static final String MOUNT =
            "mkdir -p \"$0\" && mount -t tmpfs -o size=\"$1\"k tmpfs \"$0\" && shift && exec \"$@\"";

    private SmallDisk() {}

    /** The words before those of a command that sees such a disk at this folder. */
    static List<String> before(Path folder, int kilobytes) {
        return List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                MOUNT,
                folder.toString(),
                String.valueOf(kilobytes));
    }

    /** The folder that a process sees here, from outside its namespace. */
    static Path seenBy(Process process, Path folder) {
        return Path.of("/proc", Long.toString(process.pid()), "root", folder.toString());
    }

    /** Leaves this much room on a disk, by a file {@code ballast}. */
    static void fill(Path disk, int kilobytes) throws IOException {
        Path ballast = disk.resolve("ballast");
        try (FileChannel file = FileChannel.open(ballast, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            try {
                while (file.write(ByteBuffer.allocate(4096)) > 0) {}
            } catch (IOException e) {
                if (!FullDisk.caused(e)) {
                    throw e;
                }
            }
            file.truncate(file.size() - 1024L * kilobytes);
        }
    }

    /**
     * A disk that every process sees, for what processes share; only root can have one.
     *
     * @return false where that is forbidden
     */
    static boolean mount(Path folder, int kilobytes) throws IOException {
        Files.createDirectories(folder);
        return run("mount", "-t", "tmpfs", "-o", "mode=755,size=" + kilobytes + "k", "tmpfs", folder.toString());
    }

    /** Gives a mounted disk another size. */
    static void resize(Path folder, int kilobytes) throws IOException {
        if (!run("mount", "-o", "remount,size=" + kilobytes + "k", folder.toString())) {
            throw new IOException(folder + ": cannot be resized");
        }
    }

    static void unmount(Path folder) throws IOException {
        if (!run("umount", "-l", folder.toString())) {
            throw new IOException(folder + ": cannot be unmounted");
        }
    }

    static boolean run(String... words) throws IOException {
        try {
            return new ProcessBuilder(words).inheritIO().start().waitFor() == 0;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Not where namespaces of users are forbidden. */
    static boolean possible(Path folder) throws IOException, InterruptedException {
        List<String> words =
                Stream.concat(before(folder, 64).stream(), Stream.of("true")).toList();
        try {
            return new ProcessBuilder(words).inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            // No such command.
            return false;
        }
    }
}
