package dev.quern.engine.checkpoint;

import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Digests of files that were read before, by location, size and time. A lost or damaged cache only costs the time to read the files
 * again.
 */
final class DigestCache {
    /** A file may change again within the tick of its file system's clock: such a young one is not remembered. */
    private static final Duration TICK = Duration.ofSeconds(2);

    private final @Nullable Path file;
    private final Map<String, Known> known;

    /** @param time of the last change */
    record Known(long size, Instant time, String sha256) {}

    record Content(Map<String, Known> files) {}

    private DigestCache(@Nullable Path file, Map<String, Known> known) {
        this.file = file;
        this.known = new TreeMap<>(known);
    }

    /** @param file null remembers nothing */
    static DigestCache open(@Nullable Path file) {
        if (file == null || !Files.isRegularFile(file)) {
            return new DigestCache(file, Map.of());
        }
        try {
            return new DigestCache(
                    file,
                    RecordCodec.read(Json.parse(Files.readAllBytes(file)), Content.class)
                            .files());
        } catch (IOException | JsonException | QuernException e) {
            return new DigestCache(file, Map.of());
        }
    }

    synchronized @Nullable String find(Path path) throws IOException {
        Known entry = known.get(key(path));
        return entry != null && entry.size == Files.size(path) && entry.time.equals(time(path)) ? entry.sha256 : null;
    }

    /** @param before the state of the file before it was read; a file that changed since is not remembered */
    synchronized void remember(Path path, Known before) throws IOException {
        boolean unchanged = Files.size(path) == before.size && time(path).equals(before.time);
        if (unchanged && before.time.isBefore(Instant.now().minus(TICK))) {
            known.put(key(path), before);
        }
    }

    static Known state(Path path, String sha256) throws IOException {
        return new Known(Files.size(path), time(path), sha256);
    }

    /** Files that have gone are forgotten. */
    synchronized void save() throws IOException {
        if (file == null) {
            return;
        }
        known.keySet().removeIf(path -> !Files.exists(Path.of(path)));
        Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), ".digests", ".tmp");
        Files.writeString(temporary, Json.writePretty(RecordCodec.write(new Content(known))));
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private static Instant time(Path path) throws IOException {
        FileTime time = Files.getLastModifiedTime(path);
        return time.toInstant();
    }

    private static String key(Path path) throws IOException {
        return path.toRealPath().toString();
    }
}
