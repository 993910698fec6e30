package dev.quern.recipes.error;

import java.util.Locale;

/** Recognises a disk that is full. Java has no type for it: it is known by what the system says, quotas included. */
public final class FullDisk {
    private FullDisk() {}

    public static boolean caused(Throwable error) {
        String message = String.valueOf(error.getMessage()).toLowerCase(Locale.ROOT);
        return message.contains("no space left") || message.contains("disk quota exceeded");
    }
}
