package dev.quern.artifacts;

import dev.quern.artifacts.ArtifactStore.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Uploads of an object in parts by clients that have no credentials of the store: they PUT each part to an address that
 * is signed for it and expires. In S3 the parts go straight to the server; a folder store signs addresses of our own
 * api, which hands the body to {@link #receive}. An upload survives the processes; what is there after an interruption
 * is {@link #parts}.
 */
public interface Uploads {
    /** S3 takes no more parts of one object. */
    int MAX_PARTS = 10_000;

    /**
     * @param number from 1
     * @param etag as the PUT of the part answered it
     */
    record Part(int number, long size, String etag) {}

    /** The size of all parts but the last, for an object of this size: 8 MB, more where that makes too many of them. */
    static long partSize(long size) {
        long least = Math.ceilDiv(size, MAX_PARTS);
        // Whole megabytes.
        return Math.max(8L << 20, (least + (1 << 20) - 1) >> 20 << 20);
    }

    /** @return the id of a new upload that will make this object */
    String start(String key) throws IOException;

    /**
     * An address that takes the body of one part by PUT, without further credentials. The answer's {@code ETag} is the
     * part's; a part that is sent again replaces the first.
     *
     * @param number from 1
     * @param expiry at least a second, at most 7 days
     * @param receiver where our api takes parts; a query is added. Not used in S3
     */
    URI presign(String key, String upload, int number, Duration expiry, URI receiver) throws IOException;

    /**
     * Takes a part at an address that {@link #presign} made of {@code receiver}.
     *
     * @param token the value of the address's query parameter {@code token}
     * @throws StoreForbiddenException when it was not made here, or has expired
     * @throws NoSuchUploadException when the upload has ended
     * @throws IllegalArgumentException in S3, which takes its parts itself
     */
    Part receive(String token, InputStream content) throws IOException;

    /**
     * The parts that are there, by number.
     *
     * @throws NoSuchUploadException when the upload has ended; some S3 servers answer with no parts instead
     */
    List<Part> parts(String key, String upload) throws IOException;

    /**
     * Makes the object of these parts, and ends the upload.
     *
     * @param parts all of the object, in order, with the etags that their PUTs answered; all but the last of one size
     * @return empty when there is an object already that this upload did not make
     * @throws IllegalArgumentException when a part is missing, has another etag, or is too small; the upload stays open
     * @throws NoSuchUploadException when the upload has ended and there is no object
     */
    Optional<Entry> complete(String key, String upload, List<Part> parts) throws IOException;

    /** Ends the upload and drops its parts; not an error when it has ended. */
    void abort(String key, String upload) throws IOException;

    /**
     * Aborts the uploads that were started before this moment, also those of {@link ArtifactStore#create} that a dead
     * process left.
     *
     * @param awaited ids of uploads that are still wanted, however old they are
     * @throws IllegalStateException when the store was not claimed
     * @return how many
     */
    int abortStale(Instant before, Set<String> awaited) throws IOException;
}
