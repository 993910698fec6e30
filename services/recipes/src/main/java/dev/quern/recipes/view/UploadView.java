package dev.quern.recipes.view;

import java.time.Instant;
import java.util.List;

/**
 * An upload of a checkpoint as {@code POST /api/v1/uploads} and {@code GET /api/v1/uploads/{id}} answer it: what is there already is
 * not sent again.
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

    /** The body of {@code POST /api/v1/uploads}. The same files again, while an upload of them is open, are that upload. */
    public record Request(List<Item> files) {
        public Request {
            files = List.copyOf(files);
        }
    }

    /**
     * @param sha256 of the whole file, 64 lower-case hexadecimal digits
     */
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
