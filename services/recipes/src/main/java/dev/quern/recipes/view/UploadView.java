package dev.quern.recipes.view;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An upload of a checkpoint as {@code POST /api/v1/uploads} and {@code GET /api/v1/uploads/{id}} answer it: what is
 * there already is not sent again.
 *
 * @param state OPEN or COMPLETED
 */
public record UploadView(String id, String state, List<File> files) {
    public UploadView {
        files = List.copyOf(files);
    }

    /**
     * @param name relative to the checkpoint's folder
     * @param present the server has the file: nothing of it is to be sent
     * @param partSize bytes of every part but the last, which has the rest; 0 where the file is present
     * @param parts numbers of the parts that are there, from 1; empty where the file is present
     */
    public record File(String name, long size, String sha256, boolean present, long partSize, List<Integer> parts) {
        public File {
            parts = List.copyOf(parts);
        }
    }

    /**
     * An upload in a list.
     *
     * @param state OPEN or COMPLETED
     * @param createdBy the name of the key that opened it
     * @param files how many there are
     * @param bytes of all files together, whether they are there or not
     * @param expiresAt when an open upload ends unless it is completed before; null for a completed one
     * @param completedAt null for an open one
     */
    public record Summary(
            String id,
            String state,
            String createdBy,
            int files,
            long bytes,
            Instant createdAt,
            @Nullable Instant expiresAt,
            @Nullable Instant completedAt) {}

    /**
     * GET /api/v1/uploads.
     *
     * @param next the cursor of the next page, null on the last
     */
    public record Page(List<Summary> uploads, @Nullable String next) {
        public Page {
            uploads = List.copyOf(uploads);
        }
    }

    /**
     * The body of {@code POST /api/v1/uploads}. The same files again, while an upload of them is open, are that upload.
     */
    public record Request(List<Item> files) {
        public Request {
            files = List.copyOf(files);
        }
    }

    /** @param sha256 of the whole file, 64 lower-case hexadecimal digits */
    public record Item(String name, long size, String sha256) {}

    /**
     * The body of {@code POST /api/v1/uploads/{id}/parts}.
     *
     * @param file its name
     * @param parts numbers from 1
     */
    public record PartsRequest(String file, List<Integer> parts) {
        public PartsRequest {
            parts = List.copyOf(parts);
        }
    }

    /** Its answer. */
    public record Parts(List<Part> parts) {
        public Parts {
            parts = List.copyOf(parts);
        }
    }

    /**
     * @param url takes the part's bytes by PUT, with its Content-Length and without further credentials
     * @param expires asking again gives another url
     */
    public record Part(int part, String url, Instant expires) {}
}
