package dev.quern.control.reading.message;

import dev.quern.engine.text.TextFile;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A text to be cut into windows.
 *
 * @param name as {@link TextFile} has it; null is the built-in text
 * @param path of the file; null likewise
 * @param windows at most, where the owner says
 * @param seqLen tokens of a window, likewise
 */
public record Text(
        @Nullable String name,
        @Nullable String path,
        @Nullable Integer windows,
        @Nullable Integer seqLen) {
    public static Text of(@Nullable TextFile file, @Nullable Integer windows, @Nullable Integer seqLen) {
        return file == null
                ? new Text(null, null, windows, seqLen)
                : new Text(file.name(), file.file().toString(), windows, seqLen);
    }

    public @Nullable TextFile file() {
        return name == null || path == null ? null : new TextFile(name, Path.of(path));
    }

    /** For messages. */
    public String called() {
        return name == null ? "the built-in text" : name;
    }
}
