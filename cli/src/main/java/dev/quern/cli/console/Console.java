package dev.quern.cli.console;

import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.process.ShellWord;
import java.io.PrintStream;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;

/**
 * Where a command writes: results to standard output, everything else to standard error.
 *
 * @param json results are one JSON document each, and nothing else goes to standard output
 * @param terminal a person watches: lines may be redrawn
 */
public record Console(PrintStream out, PrintStream err, boolean json, boolean quiet, boolean color, boolean terminal) {
    private static final String ERASE = "\r\u001b[K";
    private static final String RESET = "\u001b[0m";
    private static final Pattern COMMANDS =
            Pattern.compile("\u001b(?!\\[\\d{0,2}m)|[\\x00-\\x08\\x0b-\\x1a\\x1c-\\x1f\\x7f-\\x9f]");

    /** What a person types to run this program. */
    public static String command() {
        return System.getProperty("quern.command", "quern");
    }

    /** The command line that was typed, for a shell. */
    public static String again(CommandSpec spec) {
        StringBuilder line = new StringBuilder(command());
        for (String argument : spec.root().commandLine().getParseResult().originalArgs()) {
            line.append(' ').append(ShellWord.quoted(argument));
        }
        return line.toString();
    }

    /** The width of the terminal, as far as it tells. */
    public static int columns() {
        int columns = Integer.getInteger("quern.columns", 0);
        return columns < 20 ? 100 : columns;
    }

    /** Puts a line over the one that was drawn before, on a terminal. */
    public void redraw(String line) {
        int width = columns() - 1;
        err.print(ERASE + (line.length() > width ? line.substring(0, width) : line));
        err.flush();
    }

    /** Leaves an empty line for what comes next. */
    public void erase() {
        err.print(ERASE);
        err.flush();
    }

    /** A line of a result that is text. */
    public void print(String line) {
        out.println(safe(line));
    }

    public void print(JsonValue value) {
        out.println(Json.writePretty(value));
    }

    /** What happens, for the person who waits. */
    public void say(String line) {
        if (!quiet) {
            err.println(safe(line));
        }
    }

    /** What a person must know, quiet or not. */
    public void warn(String line) {
        err.println("quern: " + safe(line));
    }

    /** Names come from elsewhere: of what a terminal obeys only our colours pass. */
    public static String safe(String line) {
        return COMMANDS.matcher(line).replaceAll("\ufffd");
    }

    public String bold(String text) {
        return paint("\u001b[1m", text);
    }

    public String green(String text) {
        return paint("\u001b[32m", text);
    }

    public String red(String text) {
        return paint("\u001b[31m", text);
    }

    String dim(String text) {
        return paint("\u001b[2m", text);
    }

    private String paint(String code, String text) {
        return color ? code + text + RESET : text;
    }
}
