package dev.quern.proofs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file that names the place where the next process that passes it is held; see FailPoint.
 *
 * @param file in a folder of its own installation
 */
record Place(Path file) {
    /** The value of QUERN_FAILPOINT for the processes. */
    String setting() {
        return "@" + file;
    }

    /** From now on a process that passes this place stands still there. */
    void arm(String name) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(draft, name);
        Files.move(draft, file);
    }

    boolean held() {
        return Files.exists(mark());
    }

    /** Releases the processes that are held, and holds none from now on. */
    void release() throws IOException {
        Files.deleteIfExists(file);
        Files.deleteIfExists(mark());
    }

    private Path mark() {
        return file.resolveSibling(file.getFileName() + ".held");
    }
}
