package dev.quern.engine.text;

import java.nio.file.Path;

/**
 * A text as a file of this machine.
 *
 * @param name where it comes from, as errors and reports call it; its ending says what it is, .jsonl or .txt
 * @param file the content
 */
public record TextFile(String name, Path file) {
    public static TextFile of(Path file) {
        return new TextFile(file.toString(), file);
    }
}
