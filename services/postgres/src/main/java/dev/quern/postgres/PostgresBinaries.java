package dev.quern.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/** The server's programs, unpacked once per cache from the archive on the class path. */
final class PostgresBinaries {
    private final Path root;

    private PostgresBinaries(Path root) {
        this.root = root;
    }

    /**
     * @param cache a folder that may be shared by processes; the programs are in a subfolder named by the archive's
     *     SHA-256
     */
    static PostgresBinaries in(Path cache) {
        String archive = archive(System.getProperty("os.name"), System.getProperty("os.arch"));
        try {
            Path root = cache.resolve("postgres-" + sha256(archive).substring(0, 16));
            if (!Files.isDirectory(root)) {
                unpack(archive, root);
            }
            requireExecutable(root.resolve("bin").resolve("postgres"));
            return new PostgresBinaries(root.toAbsolutePath());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot unpack " + archive + " into " + cache, e);
        }
    }

    private static void requireExecutable(Path program) throws IOException {
        if (!Files.isExecutable(program)) {
            throw new IOException(program
                    + ": cannot be run (expected: a folder that is not mounted noexec; --data names another one)");
        }
    }

    Path root() {
        return root;
    }

    String program(String name) {
        return root.resolve("bin").resolve(name).toString();
    }

    static String archive(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String arch = osArch.equals("aarch64") || osArch.equals("arm64") ? "arm_64" : "x86_64";
        if (os.contains("linux")) {
            return "postgres-linux-" + arch + ".txz";
        }
        if (os.contains("mac") && arch.equals("arm_64")) {
            return "postgres-darwin-arm_64.txz";
        }
        throw new IllegalStateException(
                "platform: " + osName + " " + osArch + " (expected: Linux on x86-64 or arm64, or macOS on arm64)");
    }

    private static InputStream open(String archive) throws IOException {
        InputStream in = PostgresBinaries.class.getClassLoader().getResourceAsStream(archive);
        if (in == null) {
            throw new IOException(archive + " is not on the class path");
        }
        return new BufferedInputStream(in, 1 << 16);
    }

    private static String sha256(String archive) throws IOException {
        try (DigestInputStream in = new DigestInputStream(open(archive), MessageDigest.getInstance("SHA-256"))) {
            in.transferTo(java.io.OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(in.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** Into a folder of its own, then renamed: a second process, or a crash, never sees half of it. */
    private static void unpack(String archive, Path root) throws IOException {
        Files.createDirectories(root.getParent());
        Path temporary = Files.createTempDirectory(root.getParent(), "unpacking-");
        try {
            // createTempDirectory makes it private, and the server may run under another uid.
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rwxr-xr-x"));
            try (TarArchiveInputStream tar = new TarArchiveInputStream(new XZCompressorInputStream(open(archive)))) {
                for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                    extract(tar, entry, temporary);
                }
            }
            publish(temporary, root);
        } finally {
            delete(temporary);
        }
    }

    static void publish(Path temporary, Path root) throws IOException {
        try {
            Files.move(temporary, root, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            // Another process was first; what it unpacked is the same. Java has no type of its own for this.
            if (!Files.isDirectory(root)) {
                throw e;
            }
        }
    }

    private static void extract(TarArchiveInputStream tar, TarArchiveEntry entry, Path root) throws IOException {
        Path target = root.resolve(entry.getName()).normalize();
        if (!target.startsWith(root)) {
            throw new IOException("entry: " + entry.getName() + " (expected: a path inside the archive)");
        }
        if (entry.isDirectory()) {
            Files.createDirectories(target);
            return;
        }
        Files.createDirectories(target.getParent());
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(target, Path.of(entry.getLinkName()));
            return;
        }
        Files.copy(tar, target);
        boolean executable = (entry.getMode() & 0100) != 0;
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
