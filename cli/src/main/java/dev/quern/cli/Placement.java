package dev.quern.cli;

import dev.quern.cli.client.Api;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;

/**
 * Puts the files of a result into a folder, all or nothing: they are fetched into a sibling of it, checked, and renamed. What was there
 * before goes only then. A sibling that is not complete stays, and the same job's next attempt goes on with it.
 */
final class Placement implements AutoCloseable {
    private final Path folder;
    private final Path replaced;

    private Placement(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
        this.replaced = sibling(ProcessHandle.current().pid() + ".replaced");
    }

    private Path sibling(String name) {
        return folder.resolveSibling("." + folder.getFileName() + ".quern-" + name);
    }

    /**
     * Looks only; nothing is made yet.
     *
     * @throws QuernException OUTPUT_TAKEN for a folder that holds something, unless it may be replaced
     */
    static Placement into(Path folder, boolean overwrite) {
        Placement placement = new Placement(folder);
        if (Files.exists(placement.folder) && !Files.isDirectory(placement.folder)) {
            throw taken(folder + ": is a file (expected: a folder, or nothing)");
        }
        if (!overwrite && !isEmpty(placement.folder)) {
            throw taken(folder + ": is not empty (expected: an empty folder, or --overwrite)");
        }
        return placement;
    }

    private static QuernException taken(String message) {
        return new QuernException(ErrorCode.OUTPUT_TAKEN, message);
    }

    private static boolean isEmpty(Path folder) {
        if (!Files.exists(folder)) {
            return true;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Fetches all files of an output of the job, then shows them under the folder's name. */
    void fetch(Api api, String job, int output, Console console) throws InterruptedException {
        Path temporary = sibling(job);
        Path lock = temporary.resolve(".quern-lock");
        try {
            Files.createDirectories(temporary);
            try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
                requireAlone(channel);
                fetch(api, job, output, temporary, console);
                Files.delete(lock);
                show(temporary);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the result cannot be placed under " + folder, e);
        }
    }

    private void requireAlone(FileChannel channel) throws IOException {
        if (channel.tryLock() == null) {
            throw new QuernException(ErrorCode.CONFLICT, folder + ": another command fetches the same result into it");
        }
    }

    private static void fetch(Api api, String job, int output, Path temporary, Console console)
            throws IOException, InterruptedException {
        Manifest manifest = api.files(job, output);
        long total = manifest.files().stream().mapToLong(Manifest.File::size).sum();
        try (TransferLine line = new TransferLine(console, "fetching", total)) {
            Download download = new Download(api, job, output, temporary, line);
            for (Manifest.File file : manifest.files()) {
                download.fetch(file);
            }
        }
        try (InputStream in = api.file(job, output, Manifest.NAME, 0)) {
            Files.copy(in, temporary.resolve(Manifest.NAME), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void show(Path temporary) throws IOException {
        if (isEmpty(folder)) {
            Files.deleteIfExists(folder);
        } else {
            Files.move(folder, replaced, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        delete(replaced);
    }

    /** What was there before comes back when nothing took its place; also called when the command is interrupted. */
    @Override
    public void close() {
        try {
            if (Files.exists(replaced) && !Files.exists(folder)) {
                Files.move(replaced, folder, StandardCopyOption.ATOMIC_MOVE);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot restore " + folder, e);
        }
    }

    private static void delete(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
