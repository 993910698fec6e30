package dev.quern.control.job;

import dev.quern.recipes.error.FullDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A folder per job for what is not published yet; what is lost with it is made again. */
public final class ScratchFolders {
    private static final String PREFIX = "job-";
    private static final Pattern UUID = Pattern.compile("[0-9a-f-]{36}");

    private final Path root;

    ScratchFolders(Path root) throws IOException {
        this.root = Files.createDirectories(root);
    }

    /** Remembers digests of source files between jobs. */
    public Path digests() {
        return root.resolve("digests.json");
    }

    public Path of(String job) {
        return root.resolve(PREFIX + job);
    }

    /** The jobs that have a folder. */
    public List<String> jobs() throws IOException {
        try (Stream<Path> folders = Files.list(root)) {
            return folders.map(folder -> folder.getFileName().toString())
                    .filter(name -> name.startsWith(PREFIX))
                    .map(name -> name.substring(PREFIX.length()))
                    .filter(id -> UUID.matcher(id).matches())
                    .toList();
        }
    }

    /** What may write in here. */
    public interface Writing<T> {
        T run() throws IOException;
    }

    /** Runs what may write in here. An error of a stream does not name the disk that is full. */
    public <T> T naming(Writing<T> body) throws IOException {
        try {
            return body.run();
        } catch (UncheckedIOException e) {
            throw new UncheckedIOException(named(Objects.requireNonNull(e.getCause())));
        } catch (IOException e) {
            throw named(e);
        }
    }

    private IOException named(IOException error) {
        if (error instanceof FileSystemException || !FullDisk.caused(error)) {
            return error;
        }
        FileSystemException named = new FileSystemException(root.toString(), null, error.getMessage());
        named.initCause(error);
        return named;
    }

    public void delete(String job) {
        delete(of(job));
    }

    public static void delete(Path folder) {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
