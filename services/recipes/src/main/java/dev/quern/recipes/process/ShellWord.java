package dev.quern.recipes.process;

import java.util.regex.Pattern;

/** A word of a command that people are given to copy. */
public final class ShellWord {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:=,@%+-]+");

    private ShellWord() {}

    /** For a POSIX shell: as it is where that is safe, else in single quotes. */
    public static String quoted(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
