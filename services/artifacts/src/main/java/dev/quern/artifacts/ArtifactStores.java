package dev.quern.artifacts;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

/** Opens a store by its address. */
public final class ArtifactStores {
    private ArtifactStores() {}

    /**
     * @param url {@code file:///folder}
     */
    public static ArtifactStore open(String url) throws IOException {
        URI address = URI.create(url);
        if (!"file".equals(address.getScheme()) || address.getPath() == null) {
            throw new IllegalArgumentException("store: " + url + " (expected: file:///folder)");
        }
        return new FolderStore(Path.of(address.getPath()));
    }
}
