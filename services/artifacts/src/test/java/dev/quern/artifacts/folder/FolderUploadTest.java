package dev.quern.artifacts.folder;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.UploadContract;
import dev.quern.artifacts.Uploads;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FolderUploadTest extends UploadContract {
    @TempDir
    Path folder;

    @Override
    protected ArtifactStore store() throws IOException {
        return new FolderStore(folder);
    }

    @Override
    protected ArtifactStore reopened(ArtifactStore store) throws IOException {
        return new FolderStore(folder);
    }

    @Override
    protected Answer put(Uploads uploads, URI address, byte[] content) throws IOException {
        String query = address.getQuery();
        try {
            String token = query.substring("token=".length());
            return new Answer(200, uploads.receive(token, stream(content)).etag());
        } catch (StoreForbiddenException e) {
            return new Answer(403, null);
        }
    }

    @Override
    protected String forge(String address) {
        // Within the text that is signed.
        int at = address.indexOf('=') + 60;
        return address.substring(0, at) + (address.charAt(at) == 'A' ? 'B' : 'A') + address.substring(at + 1);
    }
}
