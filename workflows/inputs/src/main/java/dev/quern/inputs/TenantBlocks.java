package dev.quern.inputs;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * The engine's block store in the artifact store of a tenant.
 *
 * @param scratch takes copies of what lies on no disk of this machine
 */
public record TenantBlocks(ArtifactStore store, Keys keys, Path scratch) implements BlockStore {
    @Override
    public Optional<Path> find(ArtifactName name) {
        try {
            return store.fetch(keys.artifact(name.fileName()), scratch);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean contains(ArtifactName name) {
        try {
            return store.head(keys.artifact(name.fileName())).isPresent();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean commit(ArtifactName name, Path file) {
        String kind = name.kind().name().toLowerCase(Locale.ROOT);
        try {
            FailPoint.pass(kind + ".before");
            boolean created = store.create(keys.artifact(name.fileName()), file).isPresent();
            FailPoint.pass(kind + ".after");
            return created;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
