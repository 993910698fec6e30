package dev.quern.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFolderTest {
    private static final int ROUNDS = 50;

    @TempDir
    Path path;

    @Test
    void aPreparedFolderIsReadableByItsOwnerOnlyWhereItHoldsSecrets() throws IOException {
        DataFolder folder = prepared();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.resolve("token"))))
                .isEqualTo("rw-------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path.resolve("store"))))
                .isEqualTo("rwx------");
        assertThat(folder.token()).startsWith("quern_").hasSizeGreaterThan(40);
        folder.check();
    }

    @Test
    void itsKeyStays() throws IOException {
        String token = prepared().token();

        assertThat(prepared().token()).isEqualTo(token);
    }

    @Test
    void temporaryFilesOfAStackThatWasKilledAreDeleted() throws IOException {
        DataFolder folder = prepared();
        Path left = Files.createDirectories(folder.temporary().resolve("tomcat.8080.1/work"));
        Instant started = Instant.now();
        Files.setLastModifiedTime(left.getParent(), FileTime.from(started.minusSeconds(5)));
        Path own = Files.createDirectories(folder.temporary().resolve("tomcat.8080.2"));
        Files.setLastModifiedTime(own, FileTime.from(started.plusSeconds(1)));

        folder.sweepTemporary(started);

        assertThat(left.getParent()).doesNotExist();
        assertThat(own).exists();
    }

    @Test
    void aFolderOfAnotherVersionIsRefusedByNameAndLeftAsItIs() throws IOException {
        prepared();
        Files.writeString(path.resolve("format"), "data=2\npostgres=18\n");

        refused("data=2 (expected: data=1");
        assertThat(path.resolve("format")).hasContent("data=2\npostgres=18\n");
    }

    @Test
    void aFolderOfAnotherPostgresIsRefusedByName() throws IOException {
        prepared();
        Files.writeString(path.resolve("format"), "data=1\npostgres=15\n");

        refused("postgres=15 (expected: postgres=18");
    }

    @Test
    void aFolderOfSomebodyElseIsRefusedAndLeftAsItIs() throws IOException {
        Files.writeString(path.resolve("thesis.tex"), "x");

        refused("holds files but no format file");
        try (Stream<Path> files = Files.list(path)) {
            assertThat(files).hasSize(1);
        }
    }

    /** A command that comes while another one starts the stack, at any moment of it. */
    @Test
    void aFolderThatIsBeingPreparedIsNotRefused() {
        for (int round = 0; round < ROUNDS; round++) {
            DataFolder folder = new DataFolder(path.resolve("data-" + round));
            CompletableFuture<Void> prepared = CompletableFuture.runAsync(() -> prepare(folder));
            while (!prepared.isDone()) {
                folder.check();
            }
            prepared.join();
            folder.check();
        }
    }

    @Test
    void aFolderThatCannotBeMadeIsRefusedWithTheOptionThatNamesAnother() throws IOException {
        Path file = Files.writeString(path.resolve("file"), "");
        DataFolder folder = new DataFolder(file.resolve("data"));
        refused(folder::makeWritable, "data folder " + folder.path());
        refused(folder::makeWritable, "--data or QUERN_DATA");
    }

    @Test
    void belongsToTheStoreThatItsArtifactsAreIn() throws IOException {
        DataFolder folder = prepared();
        folder.checkStore("s3://bucket/one");
        assertThat(folder.store()).isEqualTo(path.resolve("store").toUri().toString());

        folder.belongTo("s3://bucket/one");

        assertThat(prepared().store()).isEqualTo("s3://bucket/one");
        folder.check();
        folder.checkStore(null);
        folder.checkStore("s3://bucket/one");
        refused(() -> folder.checkStore("s3://bucket/two"), "store=s3://bucket/one (expected: store=s3://bucket/two");
    }

    @Test
    void aFolderWithArtifactsOfItsOwnTakesNoOtherStore() throws IOException {
        DataFolder folder = prepared();
        folder.belongTo(folder.store());
        Files.writeString(path.resolve("store/.quern-owner"), "an installation");

        folder.checkStore(null);
        refused(
                () -> folder.checkStore("s3://bucket/one"),
                "--store: s3://bucket/one (expected: none, the artifacts of");
    }

    private static void prepare(DataFolder folder) {
        try (FileChannel lock = folder.openLock()) {
            assertThat(lock.tryLock()).isNotNull();
            folder.prepare();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void refused(String message) {
        refused(() -> new DataFolder(path).check(), message);
    }

    private static void refused(ThrowingCallable action, String message) {
        assertThatThrownBy(action)
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DATA_FORMAT))
                .hasMessageContaining(message);
    }

    private DataFolder prepared() {
        DataFolder folder = new DataFolder(path);
        prepare(folder);
        return folder;
    }
}
