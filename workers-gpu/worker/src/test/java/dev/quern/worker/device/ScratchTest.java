package dev.quern.worker.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScratchTest {
    /** A volume that is mounted there cannot be deleted; what an earlier process left in it can. */
    @Test
    void emptiesItsFolderAndKeepsTheFolder(@TempDir Path base) throws Exception {
        Path root = Files.createDirectories(base.resolve("scratch"));
        Files.writeString(
                Files.createDirectories(root.resolve("activity-1/deep")).resolve("stream"), "left");
        Files.writeString(root.resolve("file"), "left");
        Set<PosixFilePermission> mark = PosixFilePermissions.fromString("rwxr-x--x");
        Files.setPosixFilePermissions(root, mark);

        Scratch scratch = new Scratch(root);

        assertThat(root).isEmptyDirectory();
        assertThat(Files.getPosixFilePermissions(root)).as("of the same folder").isEqualTo(mark);
        try (Scratch.Folder folder = scratch.folder()) {
            Files.writeString(folder.path().resolve("x"), "x");
        }
        assertThat(root).isEmptyDirectory();
    }

    /** A killed process gives its lock up; this one has a process that sleeps as its owner. */
    @Test
    void deletesTheFoldersOfWorkersThatDied(@TempDir Path base) throws Exception {
        Path dead = worker(base, 1000001);
        Path alive = worker(base, 1000002);
        Path foreign = Files.createDirectories(base.resolve("quern-worker-1000003"));
        Path other = Files.createDirectories(base.resolve("somebody-1000004"));
        Files.createFile(base.resolve("somebody-1000004.lock"));
        Path lock = base.resolve(alive.getFileName() + ".lock");
        Process owner = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        LockHolder.class.getName(),
                        lock.toString())
                .start();
        try {
            assertThat(owner.getInputStream().read()).as("it has the lock").isEqualTo('.');

            new Scratch(base.resolve("quern-worker-" + ProcessHandle.current().pid()));

            assertThat(dead).doesNotExist();
            assertThat(base.resolve(dead.getFileName() + ".lock")).doesNotExist();
            assertThat(alive.resolve("stream")).hasContent("left");
            assertThat(foreign).as("without a lock it may be anybody's").exists();
            assertThat(other).exists();
        } finally {
            owner.destroyForcibly().waitFor();
        }

        new Scratch(base.resolve("quern-worker-" + ProcessHandle.current().pid()));
        assertThat(alive).doesNotExist();
    }

    private static Path worker(Path base, int pid) throws IOException {
        Path folder = Files.createDirectories(base.resolve("quern-worker-" + pid));
        Files.writeString(folder.resolve("stream"), "left");
        Files.createFile(base.resolve("quern-worker-" + pid + ".lock"));
        return folder;
    }

    /** Locks a file until it is killed. */
    static final class LockHolder {
        public static void main(String[] arguments) throws Exception {
            try (FileChannel channel = FileChannel.open(Path.of(arguments[0]), StandardOpenOption.WRITE)) {
                channel.lock();
                System.out.write('.');
                System.out.flush();
                Thread.sleep(Duration.ofMinutes(5));
            }
        }
    }

    @Test
    void makesItsFolder(@TempDir Path base) throws Exception {
        Path root = base.resolve("not/there/yet");

        assertThat(new Scratch(root)).isNotNull();
        assertThat(root).isEmptyDirectory();
    }
}
