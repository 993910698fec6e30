package dev.quern.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
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

    @Test
    void makesItsFolder(@TempDir Path base) throws Exception {
        Path root = base.resolve("not/there/yet");

        assertThat(new Scratch(root)).isNotNull();
        assertThat(root).isEmptyDirectory();
    }
}
