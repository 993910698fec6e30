package dev.quern.engine.artifact;

import java.nio.file.Path;
import java.util.Optional;

/** Where a walk keeps what must survive it. Present means done: an artifact never changes once it is committed. */
public interface BlockStore {
    /**
     * A local file that holds the artifact, to be read and not changed; its content is checked by the reader.
     *
     * @return empty when there is no such artifact
     */
    Optional<Path> find(ArtifactName name);

    /** Whether there is such an artifact; cheaper than to find it where the store is remote. */
    boolean contains(ArtifactName name);

    /**
     * Makes an artifact durable in one atomic step.
     *
     * @param file in scratch; may be moved away, and is deleted by the caller where it was not
     * @return false when there is such an artifact already, which then stands
     */
    boolean commit(ArtifactName name, Path file);
}
