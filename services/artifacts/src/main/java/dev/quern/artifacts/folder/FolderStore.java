package dev.quern.artifacts.folder;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.artifacts.ObjectChangedException;
import dev.quern.artifacts.OwnerMarker;
import dev.quern.artifacts.StoreFullException;
import dev.quern.artifacts.Uploads;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Objects as files under a folder. An object is written to a temporary file, synced, and linked to its name: a link
 * fails where the name is taken, so of many writers one wins, and a crash leaves no half object.
 */
public final class FolderStore implements ArtifactStore {
    private static final String TEMPORARY = ".tmp";
    private static final String UPLOADS = ".uploads";
    /** Not the beginning of any key. */
    private static final String SET_ASIDE = ".set-aside";

    private static final Logger LOG = LoggerFactory.getLogger(FolderStore.class);

    private final Path root;
    private final Path temporary;
    private final OwnerMarker owner;
    private final Uploads uploads;

    /** @param root made when it is missing; temporary files of processes that have died are removed from it */
    public FolderStore(Path root) throws IOException {
        this(root, InstantSource.system());
    }

    /** @param clock by which addresses of uploads expire */
    public FolderStore(Path root, InstantSource clock) throws IOException {
        this.root = Files.createDirectories(root).toRealPath();
        this.temporary = Files.createDirectories(this.root.resolve(TEMPORARY));
        Draft.sweep(temporary);
        this.owner = new OwnerMarker(this.root.resolve(OwnerMarker.NAME).toString());
        this.uploads = new FolderUploads(this, owner, this.root.resolve(UPLOADS), clock);
    }

    @Override
    public Optional<Entry> create(String key, InputStream content) throws IOException {
        Path target = file(key);
        return create(key, target, content);
    }

    private Optional<Entry> create(String key, Path target, InputStream content) throws IOException {
        try (Draft draft = Draft.in(temporary)) {
            draft.write(content);
            // Of the draft, which is the same file: by its name it may be deleted at once.
            Entry made = entry(key, draft.path());
            Path parent = Files.createDirectories(Objects.requireNonNull(target.getParent()));
            link(key, target, draft.path());
            sync(parent);
            return Optional.of(made);
        } catch (FileAlreadyExistsException e) {
            if (Files.isDirectory(target)) {
                throw new FileAlreadyExistsException(
                        target.toString(),
                        null,
                        "a folder (expected: a file of the store, or nothing; move the folder away, then retry the job)");
            }
            if (!target.toString().equals(e.getFile())) {
                throw e;
            }
            // Or there was one, which has been deleted since.
            return Optional.empty();
        } catch (IOException e) {
            throw sorted(e, key, root);
        }
    }

    /** A folder in the place of an object is moved aside, with all that is in it. */
    private void link(String key, Path target, Path draft) throws IOException {
        try {
            Files.createLink(target, draft);
        } catch (FileAlreadyExistsException e) {
            if (!Keys.isAlone(key) || !Files.isDirectory(target)) {
                throw e;
            }
            setAside(key, target);
            Files.createLink(target, draft);
        }
    }

    private void setAside(String key, Path target) throws IOException {
        String name = key.substring(key.lastIndexOf('/') + 1) + "-" + UUID.randomUUID();
        Path aside = Files.createDirectories(root.resolve(SET_ASIDE)).resolve(name);
        try {
            Files.move(target, aside);
            LOG.warn("{}: a folder, now {}: the store needs its name for a file", target, aside);
        } catch (NoSuchFileException e) {
            // Another writer was faster.
        }
    }

    /** A full disk is recognised by the system's message: Java has no type for it. */
    static IOException sorted(IOException error, String what, Path store) {
        String message = String.valueOf(error.getMessage());
        boolean full = message.contains("No space left") || message.contains("Disk quota exceeded");
        if (!full || error instanceof StoreFullException) {
            return error;
        }
        String where = message.equals("No space left on device") ? store.toString() : store + ", " + message;
        StoreFullException known = new StoreFullException(what, where);
        known.initCause(error);
        return known;
    }

    @Override
    public Optional<Entry> head(String key) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file(key), BasicFileAttributes.class);
            return attributes.isRegularFile() ? Optional.of(entry(key, attributes)) : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public InputStream open(String key, long offset, long length, @Nullable String etag) throws IOException {
        FileChannel channel = channel(key);
        try {
            if (etag != null) {
                require(key, etag);
            }
            channel.position(offset);
            return new Bounded(Channels.newInputStream(channel), length);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Called when it is open: what has this name and version now is what was opened. */
    private void require(String key, String etag) throws IOException {
        Entry now = head(key).orElseThrow(() -> new NoSuchObjectException(key));
        if (!now.etag().equals(etag)) {
            throw new ObjectChangedException(key, etag);
        }
    }

    @Override
    public Optional<Path> fetch(String key, Path folder) {
        Path file = file(key);
        return Files.isRegularFile(file) ? Optional.of(file) : Optional.empty();
    }

    @Override
    public List<Entry> list(String prefix) throws IOException {
        // The part up to the last slash is a folder, the rest the start of a name in it.
        Path folder = root.resolve(Keys.checkPrefix(prefix).substring(0, prefix.lastIndexOf('/') + 1));
        List<Entry> found = new ArrayList<>();
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                String key = root.relativize(file).toString().replace('\\', '/');
                if (key.startsWith(prefix) && attributes.isRegularFile()) {
                    found.add(entry(key, attributes));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                // The folder is not there, or another job's clean-up deletes while this one lists.
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        });
        found.sort(Comparator.comparing(Entry::key));
        return found;
    }

    @Override
    public boolean delete(String key, String etag) throws IOException {
        owner.check();
        boolean there = head(key).filter(entry -> entry.etag().equals(etag)).isPresent();
        return there && Files.deleteIfExists(file(key));
    }

    @Override
    public void claim(String installation) throws IOException {
        Path marker = root.resolve(OwnerMarker.NAME);
        owner.claim(installation, new OwnerMarker.Access() {
            @Override
            public void create(byte[] content) throws IOException {
                FolderStore.this.create(OwnerMarker.NAME, marker, new ByteArrayInputStream(content));
            }

            @Override
            public byte[] read() throws IOException {
                return Files.readAllBytes(marker);
            }
        });
    }

    @Override
    public Uploads uploads() {
        return uploads;
    }

    private Path file(String key) {
        return root.resolve(Keys.check(key));
    }

    private FileChannel channel(String key) throws IOException {
        try {
            return FileChannel.open(file(key), StandardOpenOption.READ);
        } catch (NoSuchFileException e) {
            throw new NoSuchObjectException(key);
        }
    }

    /** Inode, size and time change with every other way to have other content under a name. */
    private static Entry entry(String key, Path file) throws IOException {
        return entry(key, Files.readAttributes(file, BasicFileAttributes.class));
    }

    private static Entry entry(String key, BasicFileAttributes attributes) {
        String etag = "%x-%x-%x"
                .formatted(
                        Objects.hashCode(attributes.fileKey()),
                        attributes.size(),
                        attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS));
        return new Entry(
                key,
                attributes.size(),
                etag,
                attributes.lastModifiedTime().toInstant().truncatedTo(ChronoUnit.SECONDS));
    }

    /** A name is durable when its folder is. */
    private static void sync(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Ends after so many bytes. */
    private static final class Bounded extends FilterInputStream {
        private long left;

        Bounded(InputStream in, long length) {
            super(in);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            int value = left <= 0 ? -1 : super.read();
            left -= value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (left <= 0 && length > 0) {
                return -1;
            }
            int count = super.read(buffer, offset, (int) Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        }
    }
}
