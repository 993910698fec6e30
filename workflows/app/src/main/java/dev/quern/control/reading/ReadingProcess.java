package dev.quern.control.reading;

import dev.quern.control.reading.answer.ReadingMain;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Setup;
import dev.quern.control.reading.message.Word;
import dev.quern.engine.Cancellation;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.process.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.util.FileSystemUtils;

/** The near end of a {@link ReadingMain}. Confined to one thread at a time. */
final class ReadingProcess implements AutoCloseable {
    static final int HEAP_MB = 512;
    /** Megabytes that it may write to, heap included: this is what bounds native code. Mapped files do not count. */
    private static final int DATA_MB = 3072;

    /** Half a second, on a machine that does nothing else. */
    private static final Duration START = Duration.ofMinutes(1);

    private static final int OUT_OF_MEMORY = 3;
    private static final int BY_SIGNAL = 128;
    private static final long LOOK_MILLIS = 200;
    /** After the last line; no word is empty. */
    private static final String END = "";
    /** What the JVM and the loader need; keys and passwords of the service are not for it. */
    private static final Set<String> ENVIRONMENT =
            Set.of("CLASSPATH", "PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH");

    private final Process process;
    private final Path scratch;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private ReadingProcess(Process process, Path scratch) {
        this.process = process;
        this.scratch = scratch;
    }

    /** @param scratch a folder of its own */
    static ReadingProcess start(String store, Map<String, String> s3, Path scratch) throws IOException {
        ReadingProcess reading = new ReadingProcess(command().start(), scratch);
        Thread.ofVirtual().name("reading").start(reading::listen);
        reading.send(RecordCodec.write(new Setup(store, s3, scratch.toString())));
        return reading;
    }

    private static ProcessBuilder command() {
        ProcessBuilder command = JavaCommand.of(
                // No core files, a bound for native memory, and the first choice of a kernel that must kill.
                List.of(
                        "sh",
                        "-c",
                        "ulimit -c 0; ulimit -d " + DATA_MB * 1024 + " 2>/dev/null;"
                                + " echo 1000 2>/dev/null >/proc/self/oom_score_adj; exec \"$@\"",
                        "reading"),
                List.of(
                        "-Xmx" + HEAP_MB + "m",
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:CompressedClassSpaceSize=64m",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:+SuppressFatalErrorMessage",
                        "-XX:+DisplayVMOutputToStderr"),
                ReadingMain.class.getName(),
                List.of());
        command.environment().keySet().retainAll(ENVIRONMENT);
        command.environment().put("MALLOC_ARENA_MAX", "2");
        return command.redirectError(ProcessBuilder.Redirect.INHERIT);
    }

    private void listen() {
        try (BufferedReader out =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            // As good as its end.
        } finally {
            lines.add(END);
        }
    }

    private void send(JsonValue line) throws IOException {
        OutputStream in = process.getOutputStream();
        in.write((Json.write(line) + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
    }

    boolean alive() {
        return process.isAlive();
    }

    /**
     * The document that answers.
     *
     * @throws DiedException when the process does not survive the question
     * @throws QuernException as the question is refused, and UNAVAILABLE when the process dies before it has seen it
     */
    JsonValue ask(Question question, Duration limit, Cancellation cancellation) throws DiedException {
        try {
            send(RecordCodec.write(question));
        } catch (IOException e) {
            throw gone("does not listen, " + e);
        }
        return answer(limit, cancellation);
    }

    private JsonValue answer(Duration limit, Cancellation cancellation) throws DiedException {
        Word.Reads reads = null;
        long deadline = System.nanoTime() + START.toNanos();
        while (true) {
            cancellation.check();
            String line = next();
            if (END.equals(line)) {
                throw died(reads, ending(), false);
            }
            if (line == null && System.nanoTime() - deadline > 0) {
                throw died(reads, "had not ended after " + (reads == null ? START : limit).toSeconds() + " s", true);
            }
            switch (line == null ? null : RecordCodec.read(Json.parse(line), Word.class)) {
                case null -> {}
                case Word.Reads now -> {
                    // The time that a process takes to start is not the question's.
                    deadline = reads == null ? System.nanoTime() + limit.toNanos() : deadline;
                    reads = now;
                }
                case Word.Answer(JsonValue document) -> {
                    return document;
                }
                case Word.Refusal(ErrorCode code, String message) -> throw new QuernException(code, message);
            }
        }
    }

    /** Null when there is none yet. */
    private @Nullable String next() {
        try {
            return lines.poll(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Cancellation.CancelledException();
        }
    }

    private static DiedException died(Word.@Nullable Reads reads, String how, boolean late) {
        if (reads == null) {
            throw gone(how);
        }
        return new DiedException(reads.code(), reads.what(), how, late);
    }

    /** Nothing that it was asked can be the cause. */
    private static QuernException gone(String how) {
        return new QuernException(
                ErrorCode.UNAVAILABLE,
                "a reading process " + how + " (expected: one that starts; the log has its words)");
    }

    private String ending() {
        int code = process.onExit().join().exitValue();
        if (code == OUT_OF_MEMORY) {
            return "needed more memory than " + HEAP_MB + " MB";
        }
        return code > BY_SIGNAL ? "was ended by signal " + (code - BY_SIGNAL) : "ended with code " + code;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
        try {
            FileSystemUtils.deleteRecursively(scratch);
        } catch (IOException e) {
            // The next control process empties the folder around it.
        }
    }
}
