package dev.quern.api.uploads;

import dev.quern.api.request.StoreAccess;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.QuernException.Violation;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/** Reads files that were sent, two at a time, each once however many calls wait for it. */
@Component
final class UploadDigests {
    private static final int BUFFER = 1 << 20;

    private final UploadRepository rows;
    private final StoreAccess access;
    private final Semaphore readers = new Semaphore(2);
    private final Map<String, CompletableFuture<String>> reading = new ConcurrentHashMap<>();

    UploadDigests(UploadRepository rows, StoreAccess access) {
        this.rows = rows;
        this.access = access;
    }

    /**
     * Waits until all files are read; one that is not what it should be is deleted, so that it can be sent again.
     *
     * @return what is wrong
     */
    List<Violation> check(Upload upload, List<Upload.File> files) throws IOException {
        List<CompletableFuture<String>> found = new ArrayList<>();
        for (Upload.File file : files) {
            found.add(
                    rows.stored(upload.tenant(), file).verified()
                            ? CompletableFuture.completedFuture(file.sha256())
                            : read(upload.tenant(), file));
        }
        List<Violation> wrong = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            Upload.File file = files.get(i);
            String digest = await(found.get(i));
            if (!digest.equals(file.sha256())) {
                wrong.add(new Violation(
                        "/files/" + upload.files().indexOf(file),
                        file.name() + ": " + digest + " (expected: SHA-256 " + file.sha256() + "; send it again)"));
            }
        }
        return wrong;
    }

    private CompletableFuture<String> read(String tenant, Upload.File file) {
        String key = UploadService.key(tenant, file);
        CompletableFuture<String> mine = new CompletableFuture<>();
        CompletableFuture<String> first = reading.putIfAbsent(key, mine);
        if (first != null) {
            return first;
        }
        Thread.ofVirtual().name("digest-" + file.sha256()).start(() -> {
            try {
                mine.complete(settle(tenant, file));
            } catch (IOException | RuntimeException e) {
                mine.completeExceptionally(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                mine.completeExceptionally(e);
            } finally {
                reading.remove(key);
            }
        });
        return mine;
    }

    /** What was found: the SHA-256, or in words why there is none. */
    private String settle(String tenant, Upload.File file) throws IOException, InterruptedException {
        ArtifactStore store = access.get();
        String key = UploadService.key(tenant, file);
        Optional<ArtifactStore.Entry> object = store.head(key);
        if (object.isEmpty()) {
            return "nothing";
        }
        String digest;
        readers.acquire();
        try {
            digest = object.get().size() == file.size()
                    ? sha256(store, object.get())
                    : object.get().size() + " bytes";
        } finally {
            readers.release();
        }
        boolean right = digest.equals(file.sha256());
        if (!right) {
            access.owned().delete(key, object.get().etag());
        }
        rows.verified(tenant, file.sha256(), right);
        return digest;
    }

    private static String sha256(ArtifactStore store, ArtifactStore.Entry object) throws IOException {
        MessageDigest digest = Digests.sha256();
        byte[] buffer = new byte[BUFFER];
        try (InputStream in = store.open(object.key(), 0, object.size(), object.etag())) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return Digests.hex(digest.digest());
    }

    private static String await(CompletableFuture<String> digest) throws IOException {
        try {
            return digest.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw e;
        }
    }
}
