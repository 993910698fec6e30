package dev.quern.engine.natives;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.FullDisk;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Loads native libraries out of jars. They are unpacked into a folder that only this process knows, loaded, and deleted
 * again. So no process depends on what another one left behind: there is no cache to share between users and versions,
 * and none to find half written.
 */
public final class NativeLibraries {
    private static volatile Path parent = Path.of(System.getProperty("java.io.tmpdir"));

    private NativeLibraries() {}

    /**
     * Says where libraries are unpacked from now on, in place of {@code java.io.tmpdir}. The file system must allow
     * programs to be run from it.
     */
    public static void unpackInto(Path folder) {
        parent = folder;
    }

    /**
     * Loads libraries in this order, so that each finds those before it that it needs.
     *
     * @param owner a class whose loader finds the resources
     * @param resources absolute names, for example {@code /native/lib/libtokenizers.so}; the file keeps the last part
     *     of the name
     * @throws QuernException NATIVE_LIBRARY when this machine cannot load them, DISK_BUDGET when the disk is full: the
     *     message names the folder
     */
    public static void load(Class<?> owner, List<String> resources) {
        List<Path> unpacked = new ArrayList<>();
        Path where = parent;
        try {
            where = Files.createTempDirectory(Files.createDirectories(parent), "natives-");
            for (String resource : resources) {
                Path file = where.resolve(resource.substring(resource.lastIndexOf('/') + 1));
                unpacked.add(file);
                unpack(owner, resource, file);
            }
            unpacked.forEach(NativeLibraries::load);
        } catch (IOException e) {
            String message = "native libraries cannot be unpacked into " + where + ": " + e;
            throw FullDisk.caused(e)
                    ? new QuernException(ErrorCode.DISK_BUDGET, message + " (expected: room for them)", e)
                    : new QuernException(ErrorCode.NATIVE_LIBRARY, message, e);
        } finally {
            delete(unpacked, where);
        }
    }

    private static void unpack(Class<?> owner, String resource, Path file) throws IOException {
        try (InputStream library = owner.getResourceAsStream(resource)) {
            if (library == null) {
                throw new QuernException(
                        ErrorCode.NATIVE_LIBRARY,
                        "no native library " + resource + " (expected: Linux or macOS on x86-64 or arm64)");
            }
            Files.copy(library, file);
        }
    }

    @SuppressWarnings("restricted") // native code is what this class is for
    private static void load(Path file) {
        try {
            System.load(file.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new QuernException(
                    ErrorCode.NATIVE_LIBRARY,
                    "a native library cannot be loaded: "
                            // Java says the name of the file twice.
                            + String.valueOf(e.getMessage()).replaceFirst("^(.+): \\1: ", "$1: ")
                            + " (expected: a folder that is not mounted noexec; --scratch or QUERN_SCRATCH name another one)",
                    e);
        }
    }

    /** What is mapped stays mapped. Nothing is left behind for others to change. */
    private static void delete(List<Path> files, Path folder) {
        try {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            if (!folder.equals(parent)) {
                Files.deleteIfExists(folder);
            }
        } catch (IOException e) {
            // A file too many in a scratch folder does not keep the work from being done.
            System.getLogger(NativeLibraries.class.getName()).log(System.Logger.Level.WARNING, "left behind", e);
        }
    }
}
