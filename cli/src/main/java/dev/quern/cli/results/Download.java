package dev.quern.cli.results;

import dev.quern.cli.client.Api;
import dev.quern.cli.console.TransferLine;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Optional;

/**
 * Fetches the files of a result into a folder and checks them. What lies there from an earlier attempt is not fetched
 * again.
 */
final class Download {
    private static final int BUFFER = 1 << 20;
    private static final int ATTEMPTS = 6;
    private static final long FIRST_PAUSE_MILLIS = 500;

    private final Api api;
    private final String job;
    private final int output;
    private final Path folder;
    private final TransferLine line;

    Download(Api api, String job, int output, Path folder, TransferLine line) {
        this.api = api;
        this.job = job;
        this.output = output;
        this.folder = folder;
        this.line = line;
    }

    /**
     * @throws QuernException OUTPUT_DAMAGED for a file that is not what the manifest says, UNAVAILABLE when the server
     *     stays away
     */
    void fetch(Manifest.File file) throws IOException, InterruptedException {
        Path target = folder.resolve(file.name()).normalize();
        if (!target.startsWith(folder)) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED, file.name() + ": leaves the folder (expected: a name within it)");
        }
        long earlier = size(target);
        if (earlier > file.size()) {
            Files.delete(target);
            earlier = 0;
        }
        String found = complete(file, target);
        if (earlier > 0 && !found.equals(file.sha256())) {
            // What an earlier attempt left may be anything: once more, from the beginning.
            line.known(-earlier);
            line.accept(earlier - file.size());
            Files.delete(target);
            found = complete(file, target);
        }
        if (!found.equals(file.sha256())) {
            Files.deleteIfExists(target);
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED,
                    file.name() + ": SHA-256 " + found + " (expected: " + file.sha256() + ")");
        }
    }

    /** Fetches what is missing of a file and returns the digest of all of it. */
    private String complete(Manifest.File file, Path target) throws IOException, InterruptedException {
        MessageDigest digest = Digests.sha256();
        if (Files.exists(target)) {
            try (InputStream in = Files.newInputStream(target)) {
                line.known(copy(in, OutputStream.nullOutputStream(), digest));
            }
        }
        Files.createDirectories(Optional.ofNullable(target.getParent()).orElse(folder));
        if (size(target) == 0) {
            Files.write(target, new byte[0]);
        }
        int barren = 0;
        while (size(target) < file.size()) {
            long before = size(target);
            QuernException broken = append(file, target, digest);
            barren = size(target) > before ? 0 : barren + 1;
            if (barren == ATTEMPTS) {
                throw broken;
            }
            Thread.sleep(barren == 0 ? 0 : FIRST_PAUSE_MILLIS << barren);
        }
        return Digests.hex(digest.digest());
    }

    private static long size(Path target) throws IOException {
        return Files.exists(target) ? Files.size(target) : 0;
    }

    /** Appends what comes before the connection ends, and returns why it may have ended too early. */
    private QuernException append(Manifest.File file, Path target, MessageDigest digest)
            throws IOException, InterruptedException {
        try (InputStream in = api.file(job, output, file.name(), size(target));
                OutputStream out = Files.newOutputStream(target, StandardOpenOption.APPEND)) {
            receive(in, out, digest);
            return new QuernException(ErrorCode.UNAVAILABLE, file.name() + ": the server ends it too early");
        } catch (QuernException e) {
            if (e.code() != ErrorCode.UNAVAILABLE) {
                throw e;
            }
            return e;
        } catch (BrokenException e) {
            return new QuernException(ErrorCode.UNAVAILABLE, file.name() + ": the connection broke", e);
        }
    }

    /** The connection, not this machine's disk. */
    private static final class BrokenException extends IOException {
        private static final long serialVersionUID = 1;

        BrokenException(IOException cause) {
            super(cause);
        }
    }

    private void receive(InputStream in, OutputStream out, MessageDigest digest) throws IOException {
        byte[] buffer = new byte[BUFFER];
        for (int read = read(in, buffer); read >= 0; read = read(in, buffer)) {
            out.write(buffer, 0, read);
            digest.update(buffer, 0, read);
            line.accept(read);
        }
    }

    private static int read(InputStream in, byte[] buffer) throws BrokenException {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw new BrokenException(e);
        }
    }

    private static long copy(InputStream in, OutputStream out, MessageDigest digest) throws IOException {
        byte[] buffer = new byte[BUFFER];
        long bytes = 0;
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
            out.write(buffer, 0, read);
            digest.update(buffer, 0, read);
            bytes += read;
        }
        return bytes;
    }
}
