package dev.quern.engine.artifact;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** A block store in a folder, for compressions that run in one process. Scratch must lie on the same file system. */
public final class FolderBlockStore implements BlockStore {
    private final Path folder;

    /** @param folder made when it is missing */
    public FolderBlockStore(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Optional<Path> find(ArtifactName name) {
        Path file = folder.resolve(name.fileName());
        return contains(name) ? Optional.of(file) : Optional.empty();
    }

    @Override
    public boolean contains(ArtifactName name) {
        return Files.exists(folder.resolve(name.fileName()));
    }

    @Override
    public boolean commit(ArtifactName name, Path file) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
            // A link, unlike a move, fails when the name is taken.
            Files.createLink(folder.resolve(name.fileName()), file);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Deletes an artifact that was found damaged. */
    public void delete(ArtifactName name) {
        try {
            Files.deleteIfExists(folder.resolve(name.fileName()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
