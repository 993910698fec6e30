package dev.quern.engine.checkpoint.digest;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Digests of files that were read before, by location, size and version. A lost or damaged cache only costs the time to
 * read the files again.
 */
final class DigestCache {
    private final @Nullable Path file;
    private final Map<String, Known> known;

    /** @param version as {@link CheckpointFiles#version} says */
    record Known(long size, String version, String sha256) {}

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

    /** @param key location and name of a file */
    synchronized @Nullable String find(String key, CheckpointFiles.Version now) {
        Known entry = known.get(key);
        if (entry == null || entry.size != now.size() || !entry.version.equals(now.version())) {
            return null;
        }
        return entry.sha256;
    }

    synchronized void remember(String key, CheckpointFiles.Version version, String sha256) {
        known.put(key, new Known(version.size(), version.version(), sha256));
    }

    /** Local files that have gone are forgotten. */
    synchronized void save() throws IOException {
        if (file == null) {
            return;
        }
        known.keySet().removeIf(key -> key.startsWith("/") && !Files.exists(Path.of(key)));
        Path temporary = Files.createTempFile(file.toAbsolutePath().getParent(), ".digests", ".tmp");
        Files.writeString(temporary, Json.writePretty(RecordCodec.write(new Content(known))));
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
