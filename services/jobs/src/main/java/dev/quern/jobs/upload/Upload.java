package dev.quern.jobs.upload;

import dev.quern.recipes.JobRequest;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code upload} with its files.
 *
 * @param principal the name of the key that opened it
 * @param expiresAt when it ends unless it is completed before
 */
public record Upload(UUID id, String tenant, String principal, State state, Instant expiresAt, List<File> files) {
    /** An EXPIRED one takes no more parts. */
    public enum State {
        OPEN,
        COMPLETED,
        EXPIRED
    }

    public Upload {
        files = List.copyOf(files);
    }

    /** Whether it is one text, not a checkpoint. */
    public boolean isText() {
        return isText(files.stream().map(File::name).toList());
    }

    /** Whether files of these names are one text. */
    public static boolean isText(List<String> names) {
        return names.size() == 1 && JobRequest.isText(names.getFirst());
    }

    /** @param sha256 of the whole file in hex, as the client says */
    public record File(String name, long size, String sha256) {}

    /**
     * A row of {@code stored_file}: what the store has of a file.
     *
     * @param transfer the store's id of the parts that are being sent; null where none are
     * @param verified whether we read the object and found this SHA-256
     */
    public record Stored(String sha256, long size, @Nullable String transfer, boolean verified) {}
}
