package dev.quern.artifacts.s3;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.StoreFullException;
import dev.quern.artifacts.StoreUnavailableException;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.HeadObjectArgs;
import io.minio.HeadObjectResponse;
import io.minio.Http;
import io.minio.ListObjectsV2Args;
import io.minio.PutObjectAPIArgs;
import io.minio.RemoveObjectArgs;
import io.minio.messages.Contents;
import io.minio.messages.ListBucketResultV2;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Objects under a prefix of a bucket, by any name that {@link S3Location#checkName} lets through. Only what all S3
 * servers have in common is used. Every call is tried again while the server is away ({@link S3Settings#patience});
 * then:
 *
 * <ul>
 *   <li>{@link StoreUnavailableException}: it may work later
 *   <li>{@link StoreFullException}: no room
 *   <li>{@link StoreForbiddenException}: not with these credentials
 * </ul>
 */
public final class S3Bucket {
    /** Tells a writer whose answer was lost whether the object that is there now is its own. */
    private static final String WRITER = "quern-writer";

    private final S3Client s3;
    private final S3Location location;

    S3Bucket(S3Client s3, S3Location location) {
        this.s3 = s3;
        this.location = location;
    }

    /** Connects lazily: an address that nobody answers is an error of the first call. */
    public static S3Bucket open(S3Location location, S3Settings settings) {
        return new S3Bucket(new S3Client(settings), location);
    }

    public S3Location location() {
        return location;
    }

    /** Another place on the same server, over the same connections. */
    public S3Bucket at(S3Location other) {
        return new S3Bucket(s3, other);
    }

    S3Client client() {
        return s3;
    }

    String key(String name) {
        return location.prefix() + S3Location.checkName(name);
    }

    /**
     * Creates the object unless there is one under this name; one request, or one multipart upload with one part in
     * memory at a time.
     *
     * @return empty when there is one already, which then stands
     */
    public Optional<Entry> create(String name, InputStream content) throws IOException {
        String key = key(name);
        String writer = UUID.randomUUID().toString();
        int partBytes = s3.settings().partBytes();
        byte[] first = content.readNBytes(partBytes);
        if (first.length == partBytes) {
            long size = new S3Multipart(s3, location.bucket(), key).upload(writerHeader(writer), first, content);
            return written(name, writer, size);
        }
        put(key, writer, first);
        return written(name, writer, first.length);
    }

    private Optional<Entry> written(String name, String writer, long size) throws IOException {
        try {
            return settle(name, writer, size);
        } catch (NoSuchObjectException e) {
            // Deleted meanwhile, or lost.
            throw new StoreUnavailableException("put " + name, e);
        }
    }

    private void put(String key, String writer, byte[] content) throws IOException {
        Http.Headers headers = writerHeader(writer);
        headers.put("If-None-Match", "*");
        PutObjectAPIArgs args = PutObjectAPIArgs.builder()
                .bucket(location.bucket())
                .object(key)
                .data(content, content.length)
                .headers(S3Multipart.digest(content, content.length))
                .extraHeaders(headers)
                .build();
        try {
            s3.call("put " + key, minio -> minio.putObject(args));
        } catch (S3StatusException e) {
            if (!e.lost()) {
                throw e;
            }
        }
    }

    static Http.Headers writerHeader(String writer) {
        return new Http.Headers("x-amz-meta-" + WRITER, writer);
    }

    /**
     * Whether this writer won. Asked always: an answer may get lost, and the second try then meets the first one's
     * object.
     *
     * @return empty when the object is another writer's
     */
    Optional<Entry> settle(String name, String writer, long size) throws IOException {
        HeadObjectResponse there = stat(name, null);
        if (!writer.equals(there.userMetadata().getFirst(WRITER))) {
            return Optional.empty();
        }
        if (there.size() != size) {
            throw new IOException("object: " + name + " has " + there.size() + " bytes (expected: " + size + ")");
        }
        return Optional.of(entry(name, there));
    }

    /** Empty when there is no such object. */
    public Optional<Entry> head(String name) throws IOException {
        try {
            return Optional.of(entry(name, stat(name, null)));
        } catch (NoSuchObjectException e) {
            return Optional.empty();
        }
    }

    private HeadObjectResponse stat(String name, @Nullable String etag) throws IOException {
        String key = key(name);
        HeadObjectArgs args = HeadObjectArgs.builder()
                .bucket(location.bucket())
                .object(key)
                .extraHeaders(condition(etag))
                .build();
        try {
            return s3.call("head " + key, minio -> minio.headObject(args));
        } catch (S3StatusException e) {
            throw missingOrChanged(e, name, etag);
        }
    }

    private static Entry entry(String name, HeadObjectResponse object) {
        // Some answers have milliseconds, some have not.
        return new Entry(
                name,
                object.size(),
                object.etag(),
                object.lastModified().toInstant().truncatedTo(ChronoUnit.SECONDS));
    }

    private static Map<String, String> condition(@Nullable String etag) {
        return etag == null ? Map.of() : Map.of("If-Match", "\"" + etag + "\"");
    }

    private static IOException missingOrChanged(S3StatusException answer, String name, @Nullable String etag) {
        if (answer.status() == 404 && !answer.is("NoSuchBucket")) {
            return new NoSuchObjectException(name);
        }
        return answer.lost() && etag != null ? new ObjectChangedException(name, etag) : answer;
    }

    /** As {@link ArtifactStore#open}. A connection that breaks is opened again where it broke, on the same version. */
    public InputStream open(String name, long offset, long length, @Nullable String etag) throws IOException {
        key(name);
        return ResumingStream.open(this, name, offset, length, etag);
    }

    /** One GET; its stream breaks where the connection does. */
    GetObjectResponse get(String name, long offset, long length, @Nullable String etag) throws IOException {
        String key = key(name);
        GetObjectArgs.Builder args =
                GetObjectArgs.builder().bucket(location.bucket()).object(key).extraHeaders(condition(etag));
        boolean open = length > Long.MAX_VALUE - offset;
        if (offset > 0 || !open) {
            args.offset(offset);
        }
        if (!open) {
            args.length(length);
        }
        GetObjectArgs request = args.build();
        try {
            return s3.call("get " + key, minio -> minio.getObject(request));
        } catch (S3StatusException e) {
            throw missingOrChanged(e, name, etag);
        }
    }

    /** As {@link ArtifactStore#fetch}, by several ranges at once where the object is large. */
    public Optional<Path> fetch(String name, Path folder) throws IOException {
        Optional<Entry> entry = head(name);
        return entry.isEmpty() ? Optional.empty() : Optional.of(S3Download.fetch(this, entry.get(), folder));
    }

    /** The objects whose names start with this, ordered by name. */
    public List<Entry> list(String prefix) throws IOException {
        List<Entry> found = new ArrayList<>();
        @Nullable String token = null;
        do {
            ListBucketResultV2 page = page(location.prefix() + prefix, token);
            for (Contents item : page.contents()) {
                found.add(new Entry(
                        item.objectName().substring(location.prefix().length()),
                        item.size(),
                        item.etag().replace("\"", ""),
                        item.lastModified().toInstant().truncatedTo(ChronoUnit.SECONDS)));
            }
            token = page.isTruncated() ? page.nextContinuationToken() : null;
        } while (token != null);
        found.sort(Comparator.comparing(Entry::key));
        return found;
    }

    private ListBucketResultV2 page(String prefix, @Nullable String token) throws IOException {
        ListObjectsV2Args.Builder args = ListObjectsV2Args.builder()
                .bucket(location.bucket())
                .prefix(prefix)
                .maxKeys(1000);
        if (token != null) {
            args.continuationToken(token);
        }
        ListObjectsV2Args request = args.build();
        return s3.call("list " + prefix, minio -> minio.listObjectsV2(request)).result();
    }

    /**
     * Deletes this version. Servers that know conditional deletes compare in the same step; on others a version that is
     * written between the comparison and the delete would be lost, which {@link #create} cannot do as long as this one
     * is there.
     *
     * @return false when it is gone or another version is there
     */
    public boolean delete(String name, String etag) throws IOException {
        try {
            stat(name, etag);
            remove(name, condition(etag));
            return true;
        } catch (NoSuchObjectException | ObjectChangedException e) {
            return false;
        }
    }

    private void remove(String name, Map<String, String> condition) throws IOException {
        String key = key(name);
        RemoveObjectArgs args = RemoveObjectArgs.builder()
                .bucket(location.bucket())
                .object(key)
                .extraHeaders(condition)
                .build();
        try {
            s3.call("delete " + key, minio -> minio.removeObject(args));
        } catch (S3StatusException e) {
            if (e.is("NotImplemented") && !condition.isEmpty()) {
                remove(name, Map.of());
                return;
            }
            throw missingOrChanged(e, name, condition.get("If-Match"));
        }
    }
}
