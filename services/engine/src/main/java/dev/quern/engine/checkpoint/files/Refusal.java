package dev.quern.engine.checkpoint.files;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Path;

/** Makes the errors of this package: each names the file, then the value and what was expected. */
public final class Refusal {
    /** Names and values in a file may be of any length; this much is shown. */
    private static final int LONGEST = 2000;

    private Refusal() {}

    /** With what was expected. */
    private static String lastPart(String message) {
        return message.substring(message.length() - LONGEST / 4);
    }

    public static QuernException damaged(String file, String message) {
        String whole = file + ": " + message;
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT,
                whole.length() <= LONGEST ? whole : whole.substring(0, LONGEST / 2) + " … " + lastPart(whole));
    }

    public static QuernException unreadable(String file, IOException cause) {
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT, file + ": " + cause.getMessage() + " (expected: a readable file)", cause);
    }

    public static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
