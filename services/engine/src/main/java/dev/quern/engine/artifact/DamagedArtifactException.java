package dev.quern.engine.artifact;

/**
 * An artifact that is not what was committed, or is gone. The process that finds one reports it and deletes nothing:
 * only the control process deletes, exactly the damaged version, and it is made again.
 */
public final class DamagedArtifactException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String artifact;

    DamagedArtifactException(ArtifactName name, String reason) {
        super(name + ": damaged, " + reason);
        this.artifact = name.fileName();
    }

    /** One that was committed and is not there. */
    public static DamagedArtifactException missing(ArtifactName name) {
        return new DamagedArtifactException(name, "missing (expected: committed)");
    }

    public ArtifactName artifact() {
        return ArtifactName.parse(artifact);
    }
}
