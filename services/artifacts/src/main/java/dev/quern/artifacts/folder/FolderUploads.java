package dev.quern.artifacts.folder;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchUploadException;
import dev.quern.artifacts.OwnerMarker;
import dev.quern.artifacts.Uploads;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Parts as files of a hidden folder beside the objects: {@code .uploads/ID/key} has the key,
 * {@code .uploads/ID/00003-MD5} is a part. The object is written from them as any other, so it appears whole.
 */
final class FolderUploads implements Uploads {
    private static final String KEY = "key";
    private static final Pattern ID = Pattern.compile("[0-9a-f-]{36}");
    private static final Pattern PART = Pattern.compile("(\\d{5})-([0-9a-f]{32})");
    private static final Duration LONGEST = Duration.ofDays(7);

    private final FolderStore store;
    private final OwnerMarker owner;
    private final Path area;
    private final InstantSource clock;
    private final PartTokens tokens;

    FolderUploads(FolderStore store, OwnerMarker owner, Path area, InstantSource clock) throws IOException {
        this.store = store;
        this.owner = owner;
        this.area = Files.createDirectories(area);
        this.clock = clock;
        this.tokens = new PartTokens(area.resolve(".secret"), clock);
    }

    @Override
    public String start(String key) throws IOException {
        Keys.check(key);
        String upload = UUID.randomUUID().toString();
        // Whole or not at all: a folder without its key is no upload.
        Path draft = Files.createDirectory(area.resolve(upload + ".new"));
        Files.writeString(draft.resolve(KEY), key);
        Files.move(draft, area.resolve(upload), StandardCopyOption.ATOMIC_MOVE);
        return upload;
    }

    @Override
    public URI presign(String key, String upload, int number, Duration expiry, URI receiver) throws IOException {
        folder(key, upload);
        if (number < 1 || number > MAX_PARTS) {
            throw new IllegalArgumentException("part: " + number + " (expected: 1 to " + MAX_PARTS + ")");
        }
        if (expiry.toSeconds() < 1 || expiry.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("expiry: " + expiry + " (expected: a second to 7 days)");
        }
        String token = tokens.sign(
                new PartTokens.Claim(key, upload, number, clock.instant().plus(expiry)));
        return URI.create(receiver + (receiver.getQuery() == null ? "?" : "&") + "token=" + token);
    }

    @Override
    public Part receive(String token, InputStream content) throws IOException {
        PartTokens.Claim claim = tokens.verify(token);
        Path folder = folder(claim.key(), claim.upload());
        Path draft = folder.resolve(UUID.randomUUID() + ".part");
        try {
            String etag = write(draft, content);
            Path part = folder.resolve("%05d-%s".formatted(claim.number(), etag));
            keep(folder, claim.number(), draft, part);
            return new Part(claim.number(), Files.size(part), etag);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static String write(Path file, InputStream content) throws IOException {
        MessageDigest md5 = md5();
        try (DigestOutputStream out = new DigestOutputStream(Files.newOutputStream(file), md5)) {
            content.transferTo(out);
        } catch (IOException e) {
            throw FolderStore.sorted(e, "part", file);
        }
        return HexFormat.of().formatHex(md5.digest());
    }

    private static MessageDigest md5() {
        try {
            return MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The part that came last stands; one at a time, or two of one number would drop each other. */
    private synchronized void keep(Path folder, int number, Path draft, Path kept) throws IOException {
        Files.move(draft, kept, StandardCopyOption.ATOMIC_MOVE);
        String prefix = "%05d-".formatted(number);
        for (Path file : files(folder)) {
            if (file.getFileName().toString().startsWith(prefix) && !file.equals(kept)) {
                Files.deleteIfExists(file);
            }
        }
    }

    @Override
    public List<Part> parts(String key, String upload) throws IOException {
        List<Part> parts = new ArrayList<>();
        for (Path file : files(folder(key, upload))) {
            Matcher name = PART.matcher(file.getFileName().toString());
            if (name.matches()) {
                parts.add(new Part(Integer.parseInt(name.group(1)), Files.size(file), name.group(2)));
            }
        }
        parts.sort(Comparator.comparingInt(Part::number));
        return parts;
    }

    @Override
    public Optional<Entry> complete(String key, String upload, List<Part> parts) throws IOException {
        Path folder;
        try {
            folder = folder(key, upload);
        } catch (NoSuchUploadException e) {
            if (store.head(key).isPresent()) {
                return Optional.empty();
            }
            throw e;
        }
        List<Path> files = parts.stream()
                .map(part -> folder.resolve("%05d-%s".formatted(part.number(), part.etag())))
                .toList();
        checkParts(parts, files);
        Optional<Entry> created;
        try (InputStream content = new JoinedFiles(files)) {
            created = store.create(key, content);
        }
        abort(key, upload);
        return created;
    }

    private static void checkParts(List<Part> parts, List<Path> files) {
        for (int i = 0; i < parts.size(); i++) {
            Part part = parts.get(i);
            boolean inOrder = i == 0 || part.number() > parts.get(i - 1).number();
            if (!inOrder
                    || !PART.matcher(files.get(i).getFileName().toString()).matches()
                    || !Files.exists(files.get(i))) {
                throw new IllegalArgumentException("parts: " + part + " (expected: one that was sent, in order)");
            }
        }
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("parts: none (expected: all of the object)");
        }
    }

    @Override
    public void abort(String key, String upload) throws IOException {
        try {
            drop(folder(key, upload));
        } catch (NoSuchUploadException e) {
            // It has ended.
        }
    }

    private static void drop(Path folder) throws IOException {
        // Without its key it is no upload, whatever is left of it.
        Files.deleteIfExists(folder.resolve(KEY));
        for (Path file : files(folder)) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(folder);
    }

    @Override
    public int abortStale(Instant before, Set<String> awaited) throws IOException {
        owner.check();
        int count = 0;
        for (Path folder : files(area)) {
            if (Files.isDirectory(folder)
                    && !awaited.contains(folder.getFileName().toString())
                    && Files.getLastModifiedTime(folder).toInstant().isBefore(before)) {
                drop(folder);
                count++;
            }
        }
        return count;
    }

    private Path folder(String key, String upload) throws IOException {
        Keys.check(key);
        Path folder = area.resolve(upload);
        if (!ID.matcher(upload).matches()
                || !Files.exists(folder.resolve(KEY))
                || !Files.readString(folder.resolve(KEY)).equals(key)) {
            throw new NoSuchUploadException(key, upload);
        }
        return folder;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
