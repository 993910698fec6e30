package dev.quern.engine.artifact;

/**
 * An artifact whose bytes are not what was committed. Whoever finds one reports it and deletes nothing: only the control process
 * deletes, exactly the damaged version, and it is then made again.
 */
public final class DamagedArtifactException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String artifact;

    DamagedArtifactException(ArtifactName name, String reason) {
        super(name + ": damaged, " + reason);
        this.artifact = name.fileName();
    }

    public ArtifactName artifact() {
        return ArtifactName.parse(artifact);
    }
}
