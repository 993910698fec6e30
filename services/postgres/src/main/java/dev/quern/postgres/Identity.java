package dev.quern.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The uid that the server runs under. PostgreSQL refuses root, so root runs its commands as {@code nobody}. Where
 * {@code nobody} cannot reach the folders (a home of mode 700), they run in a user namespace in which our uid has
 * another number.
 *
 * @param prefix what stands before a command
 * @param owner the uid that must own the data folder; -1 leaves it as it is
 */
record Identity(List<String> prefix, int owner) {
    private static final int NOBODY = 65534;
    private static final List<String> AS_NOBODY =
            List.of("setpriv", "--reuid", String.valueOf(NOBODY), "--regid", String.valueOf(NOBODY), "--clear-groups");
    private static final List<String> IN_NAMESPACE =
            List.of("unshare", "--user", "--map-user=1000", "--map-group=1000");

    Identity {
        prefix = List.copyOf(prefix);
    }

    /** One that can reach all these folders. */
    static Identity reaching(Path... folders) throws IOException {
        if (!isRoot(folders[0])) {
            return new Identity(List.of(), -1);
        }
        boolean open = true;
        for (Path folder : folders) {
            open &= reachable(folder);
        }
        if (open && works(AS_NOBODY)) {
            return new Identity(AS_NOBODY, NOBODY);
        }
        if (works(IN_NAMESPACE)) {
            return new Identity(IN_NAMESPACE, 0);
        }
        throw new IllegalStateException(
                "user: root (expected: another user, because PostgreSQL refuses root; or util-linux'"
                        + " setpriv and a data folder that the user nobody can reach: " + folders[0] + ")");
    }

    List<String> command(String... words) {
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(words));
        return command;
    }

    /** Gives the folder and all in it to the server's uid. */
    void own(Path folder) throws IOException {
        if (owner < 0 || uid(folder) == owner) {
            return;
        }
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.toList()) {
                Files.setAttribute(path, "unix:uid", owner);
            }
        }
    }

    private static boolean isRoot(Path anyFolder) throws IOException {
        Path probe = Files.createTempFile(anyFolder, "uid-", "");
        try {
            return uid(probe) == 0;
        } finally {
            Files.delete(probe);
        }
    }

    private static int uid(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:uid");
    }

    /** Whether others may pass through every folder on the way. */
    private static boolean reachable(Path folder) throws IOException {
        for (Path path = folder.toRealPath(); path != null; path = path.getParent()) {
            if (!Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_EXECUTE)) {
                return false;
            }
        }
        return true;
    }

    private static boolean works(List<String> prefix) {
        List<String> probe = new ArrayList<>(prefix);
        probe.add("true");
        try {
            Process process =
                    new ProcessBuilder(probe).redirectErrorStream(true).start();
            process.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
