package dev.quern.cli;

import dev.quern.recipes.process.FailPoint;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Objects;

/**
 * The next process that passes a place stands still there (see {@link FailPoint}), so that no machine is too fast for
 * what a test does in the middle of a job. One at a time; close() releases it.
 */
final class Hold implements AutoCloseable {
    /** The first block of a job is stored, the second is made and not stored. */
    static final String AT_SECOND_BLOCK = "block.before:2";

    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Path place;
    private final Path held;

    private Hold(Path place) {
        this.place = place;
        this.held = place.resolveSibling(place.getFileName() + ".held");
    }

    static Hold at(String name) throws IOException {
        String variable = Objects.requireNonNull(System.getenv("QUERN_FAILPOINT"), "set by this module's pom.xml");
        Hold hold = new Hold(Path.of(variable.substring(1)));
        hold.close();
        Path draft = hold.place.resolveSibling(hold.place.getFileName() + ".new");
        Files.writeString(draft, name);
        Files.move(draft, hold.place, StandardCopyOption.ATOMIC_MOVE);
        return hold;
    }

    /** Returns when a process stands still. */
    void await() {
        Await.within(PATIENCE, "a process at the place").until(() -> Files.exists(held));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(place);
        Files.deleteIfExists(held);
    }
}
