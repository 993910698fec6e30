package dev.quern.engine.checkpoint;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.nio.file.Path;

/** Makes the errors of this package: each names the file, then the value and what was expected. */
final class Refusal {
    private Refusal() {}

    static QuernException damaged(String file, String message) {
        return new QuernException(ErrorCode.INVALID_CHECKPOINT, file + ": " + message);
    }

    static QuernException unreadable(String file, IOException cause) {
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT, file + ": " + cause.getMessage() + " (expected: a readable file)", cause);
    }

    static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
