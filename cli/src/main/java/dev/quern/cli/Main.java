package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.recipes.QuernException;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

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
        return commandLine(quern, out, err).execute(arguments);
    }

    static CommandLine commandLine(Quern quern, PrintStream out, PrintStream err) {
        CommandLine line = new CommandLine(quern)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOut(new PrintWriter(out, true, UTF_8))
                .setErr(new PrintWriter(err, true, UTF_8))
                .setParameterExceptionHandler(Main::usage)
                .setExecutionExceptionHandler((error, command, parsed) -> failure(error, err));
        line.getCommandSpec().usageMessage().width(Math.max(80, Console.columns()));
        return line;
    }

    private static int usage(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        command.getErr().println("quern: " + error.getMessage());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return Exit.USAGE.code();
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

    private static int failure(Exception error, PrintStream err) {
        if (error instanceof QuernException known) {
            err.println("quern: " + known.getMessage());
            known.violations().stream()
                    .skip(1)
                    .forEach(violation -> err.println("       " + violation.pointer() + ": " + violation.message()));
            return Exit.of(known.code()).code();
        }
        if (error instanceof InterruptedException) {
            return Exit.INTERRUPTED.code();
        }
        Optional<FileSystemException> file = cause(error, FileSystemException.class);
        if (file.isPresent()) {
            err.println("quern: " + Console.safe(words(file.get())));
            return Exit.BAD_INPUT.code();
        }
        err.println("quern: a defect of quern: " + error);
        error.printStackTrace(err);
        return Exit.FAILED.code();
    }
}
