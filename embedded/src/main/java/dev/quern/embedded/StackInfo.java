package dev.quern.embedded;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * {@code stack.json}: where the parts of a running stack are.
 *
 * @param build of the sources that it runs
 * @param url of the API and the dashboard
 * @param temporal host:port of the Temporal services
 * @param store URL of the artifact store
 * @param leasePort where commands hold their leases
 * @param workers compute processes of its own
 */
public record StackInfo(
        String build,
        long pid,
        String url,
        String temporal,
        String store,
        int leasePort,
        int workers,
        Instant startedAt) {

    /** Empty for a missing file and for one that cannot be read, such as that of another release. */
    static Optional<StackInfo> read(Path file) {
        try {
            return Optional.of(RecordCodec.read(Json.parse(Files.readAllBytes(file)), StackInfo.class));
        } catch (IOException | JsonException | QuernException e) {
            return Optional.empty();
        }
    }

    String toJson() {
        return Json.writePretty(RecordCodec.write(this));
    }
}
