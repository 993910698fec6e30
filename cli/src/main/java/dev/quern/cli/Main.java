package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.GroupedHelp;
import dev.quern.cli.command.Problems;
import dev.quern.cli.console.Console;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Runs one command and ends the process with its exit code. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // Exiting is part of the contract: the code says how it went, and threads of clients do not keep the command.
        System.exit(run(
                utf8(FileDescriptor.out), utf8(FileDescriptor.err), Boolean.getBoolean("quern.terminal"), arguments));
    }

    /** JSON is UTF-8 whatever the locale says. */
    private static PrintStream utf8(FileDescriptor descriptor) {
        return new PrintStream(new FileOutputStream(descriptor), true, UTF_8);
    }

    static int run(PrintStream out, PrintStream err, boolean terminal, String... arguments) {
        Quern quern = new Quern(out, err, terminal);
        return commandLine(quern, out, err).execute(arranged(arguments));
    }

    /** A data folder that is named before the command is the command's. */
    private static String[] arranged(String... arguments) {
        List<String> words = new ArrayList<>(List.of(arguments));
        String first = words.isEmpty() ? "" : words.getFirst();
        int length = first.equals("--data") ? 2 : first.startsWith("--data=") ? 1 : 0;
        if (length > 0 && words.size() > length) {
            Collections.rotate(words, -length);
        }
        return words.toArray(String[]::new);
    }

    static CommandLine commandLine(Quern quern, PrintStream out, PrintStream err) {
        CommandLine line = new CommandLine(quern)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true, UTF_8))
                .setErr(new PrintWriter(err, true, UTF_8))
                .setParameterExceptionHandler((error, arguments) -> usage(error, quern.console()))
                .setExecutionExceptionHandler((error, command, parsed) -> failure(error, quern.console()));
        line.setUsageHelpWidth(Math.max(80, Console.columns()));
        GroupedHelp.install(line);
        return line;
    }

    private static int usage(ParameterException error, Console console) {
        CommandLine command = error.getCommandLine();
        String message = words(error);
        if (console.json()) {
            console.print(Problems.of(ErrorCode.INVALID_REQUEST, message, Exit.USAGE));
        }
        console.warn(message);
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return Exit.USAGE.code();
    }

    /** What picocli says, but for words that no command takes. */
    private static String words(ParameterException error) {
        if (!(error instanceof UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return String.valueOf(error.getMessage());
        }
        String word = unmatched.getUnmatched().getFirst();
        Set<String> commands = error.getCommandLine().getSubcommands().keySet();
        List<String> nearest = unmatched.getSuggestions();
        if (!nearest.isEmpty()) {
            return word + ": unknown (did you mean " + String.join(" or ", nearest) + "?)";
        }
        if (unmatched.isUnknownOption()) {
            return word + ": no such option";
        }
        return commands.isEmpty()
                ? word + ": one word too many"
                : word + ": no such command (expected one of: " + String.join(", ", commands) + ")";
    }

    private static <T> Optional<T> cause(Throwable error, Class<T> type) {
        return Stream.iterate(error, Objects::nonNull, Throwable::getCause)
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst();
    }

    /** A folder that cannot be read or written, a full disk: the file and what the system says about it. */
    private static String words(FileSystemException e) {
        String reason = switch (e) {
            case AccessDeniedException _ -> "permission denied";
            case NoSuchFileException _ -> "no such file or folder";
            case NotDirectoryException _ -> "not a folder";
            default -> String.valueOf(e.getReason());
        };
        return e.getFile() + ": " + reason;
    }

    private static int failure(Exception error, Console console) {
        if (error instanceof QuernException known) {
            return refused(known, console);
        }
        if (error instanceof InterruptedException) {
            return Exit.INTERRUPTED.code();
        }
        Optional<FileSystemException> file = cause(error, FileSystemException.class);
        if (file.isPresent()) {
            return refused(new QuernException(ErrorCode.INVALID_REQUEST, words(file.get())), console);
        }
        if (console.json()) {
            console.print(Problems.of(ErrorCode.INTERNAL, error.toString(), Exit.FAILED));
        }
        console.warn("a defect of quern: " + error);
        error.printStackTrace(console.err());
        return Exit.FAILED.code();
    }

    private static int refused(QuernException error, Console console) {
        if (console.json()) {
            console.print(Problems.of(error));
        }
        console.warn(words(error));
        error.violations().stream()
                .skip(1)
                .forEach(violation -> console.err().println(Console.safe("       " + violation.message())));
        return Exit.of(error.code()).code();
    }

    /** The first of several violations; the others follow in lines of their own. */
    private static String words(QuernException error) {
        String message = error.violations().isEmpty()
                ? String.valueOf(error.getMessage())
                : error.violations().getFirst().message();
        return error.code() == ErrorCode.UNAUTHENTICATED
                ? message + "; put the server's key into QUERN_KEY, or name a file that holds it with --key-file"
                : message;
    }
}
