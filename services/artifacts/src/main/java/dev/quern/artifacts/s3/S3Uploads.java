package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.NoSuchUploadException;
import dev.quern.artifacts.OwnerMarker;
import dev.quern.artifacts.Uploads;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListMultipartUploadsArgs;
import io.minio.ListPartsArgs;
import io.minio.errors.MinioException;
import io.minio.messages.ListMultipartUploadsResult;
import io.minio.messages.ListPartsResult;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * S3's own multipart uploads with presigned addresses of their parts. The id of an upload has a writer's id before S3's
 * own, which the object carries: servers differ in what they answer to a second completion, so the object is asked
 * whose it is.
 */
final class S3Uploads implements Uploads {
    private static final char SEPARATOR = '~';

    private final S3Bucket bucket;
    private final OwnerMarker owner;

    S3Uploads(S3Bucket bucket, OwnerMarker owner) {
        this.bucket = bucket;
        this.owner = owner;
    }

    private S3Multipart multipart(String key) {
        return new S3Multipart(bucket.client(), bucket.location().bucket(), bucket.key(Keys.check(key)));
    }

    @Override
    public String start(String key) throws IOException {
        String writer = UUID.randomUUID().toString();
        return writer + SEPARATOR + multipart(key).start(S3Bucket.writerHeader(writer));
    }

    private static Id id(String key, String upload) throws NoSuchUploadException {
        int end = upload.indexOf(SEPARATOR);
        if (end < 0) {
            throw new NoSuchUploadException(key, upload);
        }
        return new Id(upload.substring(0, end), upload.substring(end + 1));
    }

    private record Id(String writer, String s3) {}

    @Override
    public URI presign(String key, String upload, int number, Duration expiry, URI receiver) throws IOException {
        GetPresignedObjectUrlArgs args = GetPresignedObjectUrlArgs.builder()
                .method(Http.Method.PUT)
                .bucket(bucket.location().bucket())
                .object(bucket.key(Keys.check(key)))
                .expiry(Math.toIntExact(expiry.toSeconds()))
                .extraQueryParams(Map.of("uploadId", id(key, upload).s3(), "partNumber", Integer.toString(number)))
                .build();
        try {
            return URI.create(bucket.client().outside().getPresignedObjectUrl(args));
        } catch (MinioException e) {
            throw new IOException("presign part " + number + " of " + key + ": " + e.getMessage(), e);
        }
    }

    @Override
    public Part receive(String token, InputStream content) {
        throw new IllegalArgumentException("token: a part sent to the api (expected: sent to the S3 server)");
    }

    @Override
    public List<Part> parts(String key, String upload) throws IOException {
        List<Part> parts = new ArrayList<>();
        @Nullable Integer marker = null;
        do {
            ListPartsResult page = page(key, upload, marker);
            for (io.minio.messages.Part part : page.parts()) {
                parts.add(
                        new Part(part.partNumber(), part.partSize(), part.etag().replace("\"", "")));
            }
            marker = page.isTruncated() ? page.nextPartNumberMarker() : null;
        } while (marker != null);
        return parts;
    }

    private ListPartsResult page(String key, String upload, @Nullable Integer marker) throws IOException {
        ListPartsArgs.Builder args = ListPartsArgs.builder()
                .bucket(bucket.location().bucket())
                .object(bucket.key(Keys.check(key)))
                .uploadId(id(key, upload).s3());
        if (marker != null) {
            args.partNumberMarker(marker);
        }
        ListPartsArgs request = args.build();
        try {
            return bucket.client()
                    .call("list parts of " + key, minio -> minio.listParts(request))
                    .result();
        } catch (S3StatusException e) {
            throw e.is("NoSuchUpload") ? new NoSuchUploadException(key, upload) : e;
        }
    }

    @Override
    public Optional<Entry> complete(String key, String upload, List<Part> parts) throws IOException {
        List<io.minio.messages.Part> list = parts.stream()
                .map(part -> new io.minio.messages.Part(part.number(), part.etag()))
                .toList();
        long size = parts.stream().mapToLong(Part::size).sum();
        Id id = id(key, upload);
        boolean completed = complete(key, id, list);
        Optional<Entry> made;
        try {
            made = bucket.settle(key, id.writer(), size);
        } catch (NoSuchObjectException e) {
            throw new NoSuchUploadException(key, upload);
        }
        if (!completed) {
            abort(key, upload);
        }
        return made;
    }

    private boolean complete(String key, Id id, List<io.minio.messages.Part> parts) throws IOException {
        try {
            return multipart(key).complete(id.s3(), parts);
        } catch (S3StatusException e) {
            if (e.is("InvalidPart") || e.is("InvalidPartOrder") || e.is("EntityTooSmall") || e.is("MalformedXML")) {
                throw new IllegalArgumentException("parts: " + e.getMessage(), e);
            }
            throw e;
        }
    }

    @Override
    public void abort(String key, String upload) throws IOException {
        try {
            multipart(key).abort(id(key, upload).s3());
        } catch (NoSuchUploadException e) {
            // No upload of ours, so it is not under way.
        }
    }

    @Override
    public int abortStale(Instant before, Set<String> awaited) throws IOException {
        owner.check();
        Set<String> spared = awaited.stream()
                .map(upload -> upload.substring(upload.indexOf(SEPARATOR) + 1))
                .collect(Collectors.toSet());
        int count = 0;
        @Nullable String marker = null;
        do {
            ListMultipartUploadsResult page = uploads(marker);
            for (ListMultipartUploadsResult.Upload upload : page.uploads()) {
                if (upload.initiated().toInstant().isBefore(before) && !spared.contains(upload.uploadId())) {
                    new S3Multipart(bucket.client(), bucket.location().bucket(), upload.objectName())
                            .abort(upload.uploadId());
                    count++;
                }
            }
            // By key alone: not every server takes a marker of an upload that is gone. The next round finds what this
            // one skips.
            marker = page.isTruncated() ? page.nextKeyMarker() : null;
        } while (marker != null && !marker.isEmpty());
        return count;
    }

    private ListMultipartUploadsResult uploads(@Nullable String marker) throws IOException {
        ListMultipartUploadsArgs.Builder args = ListMultipartUploadsArgs.builder()
                .bucket(bucket.location().bucket())
                .prefix(bucket.location().prefix() + "t/")
                .maxUploads(1000);
        if (marker != null) {
            args.keyMarker(marker);
        }
        ListMultipartUploadsArgs request = args.build();
        return bucket.client()
                .call("list uploads", minio -> minio.listMultipartUploads(request))
                .result();
    }
}
