package dev.quern.artifacts.s3;

import io.minio.AbortMultipartUploadArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.Http;
import io.minio.UploadPartArgs;
import io.minio.messages.Part;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** Multipart uploads of one object: the steps, and an upload streamed through them with one part in memory. */
record S3Multipart(S3Client s3, String bucket, String key) {
    private static final int MAX_PARTS = 10_000;

    /**
     * Uploads all of an object, or leaves nothing. It is there afterwards unless another writer's was first.
     *
     * @param first its first part, reused for the others
     * @return its size
     */
    long upload(Http.Headers headers, byte[] first, InputStream rest) throws IOException {
        String upload = start(headers);
        try {
            List<Part> parts = new ArrayList<>();
            long size = 0;
            int count = first.length;
            while (count > 0) {
                if (parts.size() == MAX_PARTS) {
                    throw new IOException("object: " + key + " has more than " + MAX_PARTS + " parts of " + first.length
                            + " bytes (expected: at most)");
                }
                parts.add(part(upload, parts.size() + 1, first, count));
                size += count;
                count = rest.readNBytes(first, 0, first.length);
            }
            if (!complete(upload, parts)) {
                // A server that refuses to complete keeps the parts.
                abort(upload);
            }
            return size;
        } catch (IOException | RuntimeException | Error e) {
            abandon(upload, e);
            throw e;
        }
    }

    String start(Http.Headers headers) throws IOException {
        CreateMultipartUploadArgs args = CreateMultipartUploadArgs.builder()
                .bucket(bucket)
                .object(key)
                .headers(headers)
                .build();
        return s3.call("start upload of " + key, minio -> minio.createMultipartUpload(args))
                .result()
                .uploadId();
    }

    private Part part(String upload, int number, byte[] content, int length) throws IOException {
        UploadPartArgs args = UploadPartArgs.builder()
                .bucket(bucket)
                .object(key)
                .uploadId(upload)
                .partNumber(number)
                .data(content, length)
                .headers(digest(content, length))
                .build();
        String etag = s3.call("put part " + number + " of " + key, minio -> minio.uploadPart(args))
                .part()
                .etag();
        // The client's own part would carry checksums that not every server takes back.
        return new Part(number, etag);
    }

    /**
     * The oldest of the checksums: with it the client sends no newer one, which servers want announced at the start.
     */
    static Http.Headers digest(byte[] content, int length) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(content, 0, length);
            return new Http.Headers("Content-MD5", Base64.getEncoder().encodeToString(md5.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * @return false when the object exists, or the upload is gone: completed by a try whose answer was lost, or aborted
     */
    boolean complete(String upload, List<Part> parts) throws IOException {
        CompleteMultipartUploadArgs args = CompleteMultipartUploadArgs.builder()
                .bucket(bucket)
                .object(key)
                .uploadId(upload)
                .parts(parts.toArray(Part[]::new))
                .maxRetries(1)
                // As extra headers: others do not reach this request.
                .extraHeaders(new Http.Headers("If-None-Match", "*"))
                .build();
        try {
            s3.call("complete " + key, minio -> minio.completeMultipartUpload(args));
            return true;
        } catch (S3StatusException e) {
            if (e.lost() || e.is("NoSuchUpload")) {
                return false;
            }
            throw e;
        }
    }

    /** An upload that is gone is aborted. */
    void abort(String upload) throws IOException {
        AbortMultipartUploadArgs args = AbortMultipartUploadArgs.builder()
                .bucket(bucket)
                .object(key)
                .uploadId(upload)
                .build();
        try {
            s3.call("abort upload of " + key, minio -> minio.abortMultipartUpload(args));
        } catch (S3StatusException e) {
            if (e.status() != 404) {
                throw e;
            }
        }
    }

    private void abandon(String upload, Throwable reason) {
        try {
            abort(upload);
        } catch (IOException e) {
            // Retention ends what is left after a day.
            reason.addSuppressed(e);
        }
    }
}
