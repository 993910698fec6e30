package dev.quern.cli.results;

import dev.quern.cli.client.Api;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.TransferLine;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Puts the files of a result into a folder, all or nothing: they are fetched into a sibling of it, checked, and
 * renamed. Only then is the previous content deleted. An incomplete sibling stays, and the next attempt of the same job
 * completes it.
 */
public final class Placement implements AutoCloseable {
    private final Path folder;
    private final boolean overwrite;
    /** What a command with --overwrite may do about a folder that is not empty, for messages. */
    private final String hint;

    private final Set<Object> before;
    private final Path replaced;

    private Placement(Path folder, boolean overwrite, String hint) {
        this.folder = folder.toAbsolutePath().normalize();
        this.overwrite = overwrite;
        this.hint = hint;
        this.before = overwrite ? content(this.folder) : Set.of();
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
        return new Placement(folder, overwrite, ", or --overwrite").looked(folder);
    }

    /** For a command that replaces nothing; throws as {@link #into}. */
    static Placement intoEmpty(Path folder) {
        return new Placement(folder, false, "").looked(folder);
    }

    /** @param typed the folder as the command line has it, for messages */
    private Placement looked(Path typed) {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw taken(typed + ": is a file (expected: a folder, or nothing)");
        }
        if (!overwrite && !isEmpty(folder)) {
            throw taken(typed + ": is not empty (expected: an empty folder" + hint + ")");
        }
        requireWritable();
        return this;
    }

    /** Tried, since the system alone knows: hours of work must not end at a folder in which nothing can be made. */
    private void requireWritable() {
        Path parent = folder;
        while (!Files.exists(parent) && parent.getParent() != null) {
            parent = parent.getParent();
        }
        try {
            Files.delete(Files.createTempDirectory(parent.equals(folder) ? above(folder) : parent, ".quern-"));
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    folder + ": nothing can be made in " + parent + " (expected: a place for a new folder)",
                    e);
        }
    }

    /** Where its sibling is made. */
    private static Path above(Path folder) {
        Path parent = folder.getParent();
        return parent == null ? folder : parent;
    }

    private static QuernException taken(String message) {
        return new QuernException(ErrorCode.OUTPUT_TAKEN, message);
    }

    private static boolean isEmpty(Path folder) {
        if (!Files.isDirectory(folder)) {
            return !Files.exists(folder, LinkOption.NOFOLLOW_LINKS);
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

    /**
     * Makes the content in a sibling, then shows it under the folder's name. What fails leaves nothing.
     *
     * @param content writes into a folder that does not exist yet
     */
    <T> T make(Function<Path, T> content) throws IOException {
        Path temporary = sibling(ProcessHandle.current().pid() + ".new");
        boolean complete = false;
        try {
            T made = content.apply(temporary);
            complete = true;
            show(temporary);
            return made;
        } finally {
            if (!complete) {
                delete(temporary);
            }
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

    /**
     * Replaces only what was there when the command began, and that only with --overwrite. What came meanwhile stays,
     * such as the result of another command; then so does this result, in its own folder.
     */
    void show(Path temporary) throws IOException {
        if (overwrite && Files.isDirectory(folder)) {
            Files.move(folder, replaced, StandardCopyOption.ATOMIC_MOVE);
            if (!before.containsAll(content(replaced))) {
                close();
                throw newcomers(temporary);
            }
        }
        try {
            // A rename replaces an empty folder and nothing else, so nothing can slip in between a look and the rename.
            Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (isEmpty(folder)) {
                throw e;
            }
            throw newcomers(temporary);
        }
        delete(replaced);
    }

    private QuernException newcomers(Path temporary) {
        return taken(folder + ": files came into it while the command ran; they stay, and the whole result is in "
                + temporary + " (expected: an empty folder" + (hint.isEmpty() ? "" : hint + " and no changes") + ")");
    }

    /** What is in the folder, each file as the system tells it from all others; empty where there is no folder. */
    private static Set<Object> content(Path folder) {
        if (!Files.isDirectory(folder)) {
            return Set.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            Set<Object> content = new HashSet<>();
            for (Path file : files.skip(1).toList()) {
                Object key = Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                        .fileKey();
                content.add(key == null ? folder.relativize(file) : key);
            }
            return content;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
