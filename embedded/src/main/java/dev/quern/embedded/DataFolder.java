package dev.quern.embedded;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/**
 * The folder that holds all of an embedded stack: {@code format} (the version of its layout and of PostgreSQL, and its
 * store where that is in S3), {@code token} (the key of its API, 0600), {@code lock}, {@code stack.json} (while a stack
 * runs), {@code pg/}, {@code store/}, {@code scratch/}, {@code logs/} and {@code cache/}.
 */
public record DataFolder(Path path) {
    /** Raised when a release cannot read the folders of the one before it. */
    static final String VERSION = "1";

    private static final String POSTGRES = "18";
    private static final String STORE = "store";
    /** The store's mark of its owner: there are artifacts, or there may be. */
    private static final String OWN_STORE_IN_USE = "store/.quern-owner";

    /** What there is before a stack has written its format. */
    private static final Set<String> OF_THE_FIRST_MOMENT = Set.of("lock", "logs", "scratch", "format.new");

    public DataFolder {
        path = path.toAbsolutePath().normalize();
    }

    /** {@code $XDG_DATA_HOME/quern}, or {@code ~/.local/share/quern}. */
    public static DataFolder standard() {
        String base = System.getenv("XDG_DATA_HOME");
        Path home = base == null || base.isBlank()
                ? Path.of(System.getProperty("user.home"), ".local", "share")
                : Path.of(base);
        return new DataFolder(home.resolve("quern"));
    }

    /**
     * Refuses a folder of another version and a folder of somebody else; changes nothing.
     *
     * @throws QuernException DATA_FORMAT
     */
    public void check() {
        try {
            // Asked first: a stack that prepares the folder meanwhile writes the format file before anything else.
            boolean empty = isEmpty();
            if (Files.exists(file("format"))) {
                checkFormat();
            } else if (!empty) {
                throw refuse(
                        path + ": holds files but no format file (expected: an empty folder or one made by quern)");
            }
        } catch (IOException e) {
            throw refuse(path + ": cannot be read: " + e.getMessage());
        }
    }

    private void checkFormat() throws IOException {
        Properties format = format();
        expect(format, "data", VERSION);
        expect(format, "postgres", POSTGRES);
    }

    private Properties format() throws IOException {
        Properties format = new Properties();
        try {
            format.load(new StringReader(Files.readString(file("format"))));
        } catch (IllegalArgumentException e) {
            throw refuse(file("format") + ": cannot be read (expected: data=" + VERSION + ")");
        }
        return format;
    }

    private void expect(Properties format, String name, String expected) {
        String found = format.getProperty(name, "none");
        if (!found.equals(expected)) {
            throw refuse(file("format") + ": " + name + "=" + found + " (expected: " + name + "=" + expected
                    + "; take another folder with --data)");
        }
    }

    /**
     * Refuses a store that is not the one in which this folder's artifacts are.
     *
     * @param asked null for whichever it is
     * @throws QuernException DATA_FORMAT
     */
    void checkStore(@Nullable String asked) {
        if (asked == null || !Files.exists(file("format"))) {
            return;
        }
        try {
            Properties format = format();
            if (format.containsKey(STORE)) {
                expect(format, STORE, asked);
            } else if (Files.exists(file(OWN_STORE_IN_USE))) {
                throw refuse("--store: " + asked + " (expected: none, the artifacts of " + path
                        + " are in its folder store; take another folder with --data)");
            }
        } catch (IOException e) {
            throw refuse(file("format") + ": cannot be read: " + e.getMessage());
        }
    }

    /** Writes down where the artifacts are, once that store is known to take them. */
    void belongTo(String store) throws IOException {
        if (!store.equals(store())) {
            writePrivate("format", Files.readString(file("format")) + STORE + "=" + store + "\n");
        }
    }

    /** The address of the store that it belongs to; its own where none is written down. */
    String store() throws IOException {
        String own = file(STORE).toUri().toString();
        return format().getProperty(STORE, own);
    }

    private boolean isEmpty() throws IOException {
        if (!Files.exists(path)) {
            return true;
        }
        try (Stream<Path> files = Files.list(path)) {
            return files.map(file -> file.getFileName().toString()).allMatch(OF_THE_FIRST_MOMENT::contains);
        }
    }

    private static QuernException refuse(String message) {
        return new QuernException(ErrorCode.DATA_FORMAT, message);
    }

    /** Makes the folder ready: private to this user, with its version and a key. Call with the lock held. */
    void prepare() throws IOException {
        check();
        // Before anything else, which would be files of somebody else without it.
        if (!Files.exists(file("format"))) {
            writePrivate("format", "data=" + VERSION + "\npostgres=" + POSTGRES + "\n");
        }
        for (Path folder : new Path[] {file("store"), file("scratch"), file("logs"), temporary()}) {
            Files.createDirectories(folder);
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        }
        // PostgreSQL, which refuses to run as root, may run as another user that passes through here to pg/.
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx--x--x"));
        if (!Files.exists(file("token"))) {
            byte[] random = new byte[32];
            new SecureRandom().nextBytes(random);
            writePrivate(
                    "token", "quern_" + Base64.getUrlEncoder().withoutPadding().encodeToString(random));
        }
    }

    /**
     * Deletes the temporary files that a stack before this one could not delete because it was killed. Call with the
     * lock held.
     *
     * @param started when this process began: what is younger is its own
     */
    void sweepTemporary(Instant started) throws IOException {
        try (Stream<Path> files = Files.list(temporary())) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(started)) {
                    FileSystemUtils.deleteRecursively(file);
                }
            }
        }
    }

    /**
     * Makes the folders that a stack's process needs before its first line.
     *
     * @throws QuernException DATA_FORMAT where they cannot be made
     */
    void makeWritable() throws IOException {
        try {
            Files.createDirectories(logs());
            // Java looks for it before the first line of ours.
            Files.createDirectories(temporary());
        } catch (FileSystemException e) {
            String reason = e.getReason() == null ? "permission denied" : e.getReason();
            throw refuse("data folder " + path + ": " + e.getFile() + ": " + reason
                    + " (expected: a folder that this user can write; --data or QUERN_DATA names one)");
        }
    }

    /** Replaces a file in one step; only this user can read it. */
    void writePrivate(String name, String text) throws IOException {
        Path temporary = file(name + ".new");
        Files.deleteIfExists(temporary);
        Files.createFile(temporary, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(temporary, text);
        Files.move(temporary, file(name), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Opens the lock file; who holds its lock owns the folder. */
    FileChannel openLock() throws IOException {
        Files.createDirectories(path);
        return FileChannel.open(file("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    }

    /** The key that the API, the Temporal port and the lease port ask for. */
    String token() throws IOException {
        return Files.readString(file("token")).strip();
    }

    /** The stack that runs on this folder, or that ran and died; empty where none did. */
    public Optional<StackInfo> stack() {
        return StackInfo.read(file("stack.json"));
    }

    Path file(String name) {
        return path.resolve(name);
    }

    /** For temporary files of the main process, in place of the machine's folder for them. */
    Path temporary() {
        return path.resolve("scratch").resolve("tmp");
    }

    public Path logs() {
        return file("logs");
    }
}
