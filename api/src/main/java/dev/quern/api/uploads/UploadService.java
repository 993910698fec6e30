package dev.quern.api.uploads;

import dev.quern.api.request.StoreAccess;
import dev.quern.api.settings.ApiProperties;
import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchUploadException;
import dev.quern.artifacts.Uploads;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.UploadView;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Brings the files of an upload into the store, under their SHA-256. Parts are sent to the store at signed addresses; a
 * file counts only when we have read it and found the digest that its name promises.
 */
@Component
final class UploadService {
    private static final Logger LOG = LoggerFactory.getLogger(UploadService.class);

    /** An address has 400 bytes; a client asks for the next ones when it has sent these. */
    private static final int MAX_ADDRESSES = 1000;

    private final UploadRepository rows;
    private final StoreAccess store;
    private final UploadDigests digests;
    private final Duration lasting;
    private final Duration address;

    UploadService(UploadRepository rows, StoreAccess store, UploadDigests digests, ApiProperties properties) {
        this.rows = rows;
        this.store = store;
        this.digests = digests;
        this.lasting = properties.uploads();
        this.address = properties.partAddress();
    }

    UploadView open(Principal principal, UploadView.Request request) throws IOException {
        dropAbandoned();
        List<Upload.File> files = request.files().stream()
                .map(item -> new Upload.File(item.name(), item.size(), item.sha256()))
                .toList();
        requireSizes(principal.tenant(), files);
        String content = Digests.sha256(Json.canonical(RecordCodec.write(request)));
        return view(rows.open(principal, content, files, lasting));
    }

    /** Nobody can have another file with a SHA-256 that we have read ourselves. */
    private void requireSizes(String tenant, List<Upload.File> files) {
        for (int i = 0; i < files.size(); i++) {
            Upload.Stored stored = rows.stored(tenant, files.get(i));
            if (stored.size() != files.get(i).size()) {
                throw refused(
                        "/files/" + i + "/size",
                        Long.toString(files.get(i).size()),
                        stored.size() + ", as the file with this SHA-256 has");
            }
        }
    }

    /** @throws QuernException NOT_FOUND, in the same words for one of another tenant and one that has expired */
    Upload find(String tenant, String id) {
        return parse(id)
                .flatMap(uuid -> rows.find(tenant, uuid))
                .filter(upload -> upload.state() != Upload.State.EXPIRED
                        && (upload.state() == Upload.State.COMPLETED
                                || upload.expiresAt().isAfter(Instant.now())))
                .orElseThrow(() -> new QuernException(
                        ErrorCode.NOT_FOUND,
                        "upload: " + id + " (expected: the id of an upload that has not expired)"));
    }

    UploadView.Page list(String tenant, @Nullable String cursor, int limit) {
        return rows.list(tenant, cursor, limit);
    }

    /**
     * Ends an upload and drops the parts that were sent; files that were complete go with the next sweep of the store.
     *
     * @throws QuernException CONFLICT while an unfinished job reads it
     */
    void delete(Upload upload) throws IOException {
        Optional<UUID> reader = rows.delete(upload.tenant(), upload.id());
        if (reader.isPresent()) {
            throw new QuernException(
                    ErrorCode.CONFLICT,
                    "upload: " + upload.id() + " is read by job " + reader.get()
                            + " (expected: one that no unfinished job reads)");
        }
        dropAbandoned();
    }

    UploadView view(Upload upload) throws IOException {
        List<UploadView.File> files = new ArrayList<>();
        for (Upload.File file : upload.files()) {
            Progress progress = progress(upload.tenant(), file);
            boolean present = progress.verified();
            files.add(new UploadView.File(
                    file.name(),
                    file.size(),
                    file.sha256(),
                    present,
                    present ? 0 : Uploads.partSize(file.size()),
                    present ? List.of() : progress.numbers()));
        }
        return new UploadView(upload.id().toString(), upload.state().name(), files);
    }

    /**
     * @param receiver where we take parts ourselves, for a store that has no server of its own
     * @throws QuernException INVALID_REQUEST for an unknown file or part, CONFLICT for a file that is there
     */
    UploadView.Parts address(Upload upload, UploadView.PartsRequest request, URI receiver) throws IOException {
        Upload.File file = upload.files().stream()
                .filter(one -> one.name().equals(request.file()))
                .findFirst()
                .orElseThrow(() -> refused("/file", request.file(), "a file of the upload"));
        List<Integer> numbers = request.parts();
        requireParts(numbers, parts(file));
        Progress progress = progress(upload.tenant(), file);
        if (progress.object().isPresent()) {
            throw new QuernException(
                    ErrorCode.CONFLICT,
                    "file: " + file.name() + " is there (expected: one of which parts are missing)");
        }
        String key = key(upload.tenant(), file);
        String transfer = progress.transfer() == null
                ? start(
                        upload.tenant(),
                        file,
                        rows.stored(upload.tenant(), file).transfer())
                : progress.transfer();
        Instant expires = Instant.now().plus(address);
        List<UploadView.Part> parts = new ArrayList<>();
        for (int number : numbers) {
            URI url = store.get().uploads().presign(key, transfer, number, address, receiver);
            parts.add(new UploadView.Part(number, url.toString(), expires));
        }
        return new UploadView.Parts(parts);
    }

    private static void requireParts(List<Integer> numbers, int last) {
        if (numbers.size() > MAX_ADDRESSES) {
            throw refused("/parts", numbers.size() + " parts", "at most " + MAX_ADDRESSES + " at a time");
        }
        Set<Integer> seen = new HashSet<>();
        for (int i = 0; i < numbers.size(); i++) {
            int number = numbers.get(i);
            if (number < 1 || number > last) {
                throw refused("/parts/" + i, Integer.toString(number), "1 to " + last);
            }
            if (!seen.add(number)) {
                throw refused("/parts/" + i, Integer.toString(number), "each part once");
            }
        }
    }

    /**
     * Puts the files together and reads them; returns when all are found to be what they should. Repeatable: a client
     * that lost the answer asks again, and waits for the same reading.
     *
     * @throws QuernException CONFLICT where parts are missing, INVALID_REQUEST where a file is another than was
     *     announced
     */
    UploadView complete(Upload upload) throws IOException {
        Map<String, Upload.File> files = new LinkedHashMap<>();
        upload.files().forEach(file -> files.putIfAbsent(file.sha256(), file));
        List<Violation> missing = new ArrayList<>();
        for (Upload.File file : files.values()) {
            assemble(upload, file).ifPresent(missing::add);
        }
        if (!missing.isEmpty()) {
            throw new QuernException(ErrorCode.CONFLICT, missing.getFirst().message(), missing);
        }
        List<Violation> wrong = digests.check(upload, List.copyOf(files.values()));
        if (!wrong.isEmpty()) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, wrong.getFirst().message(), wrong);
        }
        rows.complete(upload.tenant(), upload.id());
        return view(find(upload.tenant(), upload.id().toString()));
    }

    /** Makes the object of a file's parts, where it is not there; the violation names those that are missing. */
    private Optional<Violation> assemble(Upload upload, Upload.File file) throws IOException {
        Progress progress = progress(upload.tenant(), file);
        if (progress.object().isPresent()) {
            return Optional.empty();
        }
        List<Integer> missing = progress.missing(parts(file));
        if (!missing.isEmpty() || progress.transfer() == null) {
            String pointer = "/files/" + upload.files().indexOf(file);
            return Optional.of(new Violation(
                    pointer,
                    file.name() + ": " + missing.size() + " of " + parts(file) + " parts missing, the first is "
                            + missing.getFirst() + " (expected: all of them)"));
        }
        try {
            store.get().uploads().complete(key(upload.tenant(), file), progress.transfer(), progress.parts());
        } catch (NoSuchUploadException e) {
            // Another call was faster, or the store dropped the parts: the reading finds out which.
            LOG.info("upload {}: {}", upload.id(), e.getMessage());
        }
        return Optional.empty();
    }

    /**
     * How much of a file the store has.
     *
     * @param object the whole of it, verified or not
     * @param parts those of the right size
     */
    private record Progress(
            Optional<ArtifactStore.Entry> object,
            boolean verified,
            @Nullable String transfer,
            List<Uploads.Part> parts,
            int all) {
        List<Integer> numbers() {
            return object.isPresent()
                    ? java.util.stream.IntStream.rangeClosed(1, all).boxed().toList()
                    : parts.stream().map(Uploads.Part::number).toList();
        }

        List<Integer> missing(int count) {
            List<Integer> missing = new ArrayList<>();
            for (int number = 1; number <= count; number++) {
                missing.add(number);
            }
            missing.removeAll(numbers());
            return missing;
        }
    }

    private Progress progress(String tenant, Upload.File file) throws IOException {
        Upload.Stored stored = rows.stored(tenant, file);
        String key = key(tenant, file);
        if (file.size() == 0) {
            store.get().create(key, new byte[0]);
        }
        Optional<ArtifactStore.Entry> object = store.get().head(key);
        if (object.isPresent()) {
            boolean verified = stored.verified() && object.get().size() == file.size();
            return new Progress(object, verified, stored.transfer(), List.of(), parts(file));
        }
        if (stored.verified()) {
            rows.verified(tenant, file.sha256(), false);
        }
        return transferred(file, key, stored);
    }

    private Progress transferred(Upload.File file, String key, Upload.Stored stored) throws IOException {
        String transfer = stored.verified() ? null : stored.transfer();
        List<Uploads.Part> parts = List.of();
        if (transfer != null) {
            try {
                parts = store.get().uploads().parts(key, transfer).stream()
                        .filter(part -> part.number() <= parts(file) && part.size() == length(file, part.number()))
                        .toList();
            } catch (NoSuchUploadException e) {
                // Dropped as stale: it begins anew.
                transfer = null;
            }
        }
        return new Progress(Optional.empty(), false, transfer, parts, parts(file));
    }

    private String start(String tenant, Upload.File file, @Nullable String last) throws IOException {
        String key = key(tenant, file);
        String started = store.get().uploads().start(key);
        if (rows.transfer(tenant, file.sha256(), last, started)) {
            return started;
        }
        // Another client was faster; both send to its transfer.
        store.get().uploads().abort(key, started);
        String theirs = rows.stored(tenant, file).transfer();
        if (theirs == null) {
            throw new QuernException(ErrorCode.UNAVAILABLE, "file: " + file.name() + " (expected: free in a moment)");
        }
        return theirs;
    }

    private void dropAbandoned() throws IOException {
        for (UploadRepository.Abandoned abandoned : rows.expire()) {
            if (abandoned.transfer() != null) {
                store.get()
                        .uploads()
                        .abort(Keys.of(abandoned.tenant()).upload(abandoned.sha256()), abandoned.transfer());
            }
        }
    }

    private static int parts(Upload.File file) {
        return Math.toIntExact(Math.max(1, Math.ceilDiv(file.size(), Uploads.partSize(file.size()))));
    }

    private static long length(Upload.File file, int number) {
        long size = Uploads.partSize(file.size());
        return Math.min(size, file.size() - (number - 1) * size);
    }

    static String key(String tenant, Upload.File file) {
        return Keys.of(tenant).upload(file.sha256());
    }

    private static QuernException refused(String pointer, String value, String expected) {
        Violation violation = Violation.of(pointer, value, expected);
        return new QuernException(ErrorCode.INVALID_REQUEST, violation.message(), List.of(violation));
    }

    private static Optional<UUID> parse(String id) {
        try {
            return Optional.of(UUID.fromString(id));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
