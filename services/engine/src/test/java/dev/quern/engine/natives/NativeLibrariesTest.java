package dev.quern.engine.natives;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {
    private static final Path STANDARD = Path.of(System.getProperty("java.io.tmpdir"));

    @TempDir
    Path folder;

    @AfterEach
    void unpackWhereOthersDo() {
        NativeLibraries.unpackInto(STANDARD);
    }

    /** What an earlier process left, were it read, could be half a library or one of another version. */
    @Test
    void readsNothingThatLiesInTheFolderAndLeavesNothingThere() throws IOException {
        Path ours = folder.resolve("made/by/us");
        NativeLibraries.unpackInto(ours);

        assertThatThrownBy(() -> NativeLibraries.load(NativeLibrariesTest.class, List.of(ownClassFile())))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code().kind()).isEqualTo(ErrorCode.Kind.RESOURCES))
                .hasMessageContaining(ours.toString())
                .hasMessageContaining("noexec")
                .hasMessageContaining("--scratch");

        assertThat(ours).isEmptyDirectory();
    }

    @Test
    void aMachineWithoutALibraryIsToldItsName() {
        NativeLibraries.unpackInto(folder);

        assertThatThrownBy(() -> NativeLibraries.load(NativeLibrariesTest.class, List.of("/native/none/libnone.so")))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("no native library /native/none/libnone.so");

        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aFolderThatCannotBeMadeIsNamed() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        NativeLibraries.unpackInto(file.resolve("below"));

        assertThatThrownBy(() -> NativeLibraries.load(NativeLibrariesTest.class, List.of(ownClassFile())))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("cannot be unpacked")
                .hasMessageContaining(file.toString());
        assertThat(file).isRegularFile();
    }

    /** A resource that is there, but no library. */
    private static String ownClassFile() {
        return "/" + NativeLibrariesTest.class.getName().replace('.', '/') + ".class";
    }
}
