package dev.quern.cli;

import dev.quern.cli.client.Api;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Puts the files of a result into a folder, all or nothing: they are fetched into a sibling of it, checked, and renamed. What was there
 * before goes only then.
 */
final class Placement implements AutoCloseable {
    private static final int BUFFER = 1 << 20;

    private final Path folder;
    private final Path temporary;
    private final Path replaced;

    private Placement(Path folder) {
        this.folder = folder.toAbsolutePath().normalize();
        String name =
                this.folder.getFileName() + ".quern-" + ProcessHandle.current().pid();
        this.temporary = this.folder.resolveSibling("." + name);
        this.replaced = this.folder.resolveSibling("." + name + ".replaced");
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

    /** Fetches all files of the job's result, then shows them under the folder's name. */
    void fetch(Api api, String job) throws InterruptedException {
        try {
            Files.createDirectories(temporary);
            Manifest manifest = api.files(job);
            for (Manifest.File file : manifest.files()) {
                fetch(api, job, file);
            }
            try (InputStream in = api.file(job, Manifest.NAME)) {
                Files.copy(in, temporary.resolve(Manifest.NAME));
            }
            show();
        } catch (IOException e) {
            throw new UncheckedIOException("the result cannot be placed under " + folder, e);
        }
    }

    private void fetch(Api api, String job, Manifest.File file) throws IOException, InterruptedException {
        Path target = temporary.resolve(file.name()).normalize();
        if (!target.startsWith(temporary)) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED, file.name() + ": leaves the folder (expected: a name within it)");
        }
        Files.createDirectories(Optional.ofNullable(target.getParent()).orElse(temporary));
        MessageDigest digest = sha256();
        try (InputStream in = api.file(job, file.name());
                OutputStream out = new DigestOutputStream(Files.newOutputStream(target), digest)) {
            byte[] buffer = new byte[BUFFER];
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
            }
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(file.sha256()) || Files.size(target) != file.size()) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED,
                    file.name() + ": SHA-256 " + found + ", " + Files.size(target) + " bytes (expected: "
                            + file.sha256() + ", " + file.size() + " bytes)");
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void show() throws IOException {
        if (isEmpty(folder)) {
            Files.deleteIfExists(folder);
        } else {
            Files.move(folder, replaced, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
        delete(replaced);
    }

    /** Leaves nothing half done behind; also called when the command is interrupted. */
    @Override
    public void close() {
        try {
            if (Files.exists(replaced) && !Files.exists(folder)) {
                Files.move(replaced, folder, StandardCopyOption.ATOMIC_MOVE);
            }
            delete(temporary);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot delete " + temporary, e);
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
