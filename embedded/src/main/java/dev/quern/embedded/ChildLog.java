package dev.quern.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.recipes.process.ProcessWords;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What one run of a process has written to its log.
 *
 * @param from the size of the file when the run began
 */
record ChildLog(Path file, long from) {
    private static final int MOST_BYTES = 1 << 20;
    /** Begins the line of a JVM that names the signal which ended it. */
    private static final String CRASH = "#  SIG";
    /** Begins the line of a JVM that ends for lack of memory. */
    private static final String NO_MEMORY = "Terminating due to java.lang.OutOfMemoryError";

    /** The log of a run that begins now. */
    static ChildLog beginning(Path file) {
        try {
            return new ChildLog(file, Files.exists(file) ? Files.size(file) : 0);
        } catch (IOException e) {
            return new ChildLog(file, 0);
        }
    }

    /** Whether the process has said that it takes work. */
    boolean ready() {
        return lines(from).contains(ProcessWords.READY);
    }

    /** Whether the process was a JVM that ended for lack of memory. */
    boolean endsWithoutMemory() {
        return last(end(), line -> line.startsWith(NO_MEMORY)).isPresent();
    }

    /** Why the process ended: the line that it wrote for that, otherwise that of a crash, otherwise its last one. */
    Optional<String> lastWords() {
        List<String> lines = end();
        return last(lines, line -> line.startsWith(ProcessWords.CAUSE))
                .map(line -> line.substring(ProcessWords.CAUSE.length()))
                .or(() -> last(lines, line -> line.startsWith(CRASH))
                        .map(line -> "crashed: " + line.substring(1).strip()))
                .or(() -> last(lines, line -> !line.isBlank()))
                .map(String::strip);
    }

    private static Optional<String> last(List<String> lines, Predicate<String> which) {
        return lines.stream().filter(which).reduce((earlier, later) -> later);
    }

    /** The last lines of the run. */
    private List<String> end() {
        try {
            return lines(Math.max(from, Files.size(file) - MOST_BYTES));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** No more than a part: what matters is written at the beginning or at the end. */
    private List<String> lines(long position) {
        try (FileChannel channel = FileChannel.open(file);
                InputStream in = Channels.newInputStream(channel.position(position))) {
            return new String(in.readNBytes(MOST_BYTES), UTF_8).lines().toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
