package dev.quern.engine.text;

import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/** The lines of a text, each no longer than a limit. */
final class Lines {
    /** Characters; a document of 12 MB on a line is a real one. */
    static final int MAX_LENGTH = 1 << 24;

    private final Reader text;
    private int number;
    private boolean afterReturn;

    Lines(Reader text) {
        this.text = text;
    }

    /** A line is longer than the limit. */
    static final class TooLongException extends IOException {
        private static final long serialVersionUID = 1;

        TooLongException() {
            super("longer than " + MAX_LENGTH + " characters (expected: documents on several lines, or a .txt)");
        }
    }

    /** The number of the line that was read last, from 1. */
    int number() {
        return number;
    }

    /**
     * The next line without its end, null after the last one.
     *
     * @throws TooLongException when the line is longer than the limit; what follows of it is not read
     */
    @Nullable
    String next() throws IOException {
        StringBuilder line = new StringBuilder();
        int c = text.read();
        if (c == '\n' && afterReturn) {
            c = text.read();
        }
        if (c < 0) {
            return null;
        }
        number++;
        while (c >= 0 && c != '\n' && c != '\r') {
            if (line.length() == MAX_LENGTH) {
                throw new TooLongException();
            }
            line.append((char) c);
            c = text.read();
        }
        afterReturn = c == '\r';
        return line.toString();
    }
}
