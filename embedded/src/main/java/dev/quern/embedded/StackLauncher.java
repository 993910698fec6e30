package dev.quern.embedded;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.process.JavaCommand;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Gets a lease on the stack of a data folder, and starts one where none runs. */
public final class StackLauncher {
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(50);
    private static final long LARGE_LOG = 10L << 20;
    /** A stack that has to be started more often than this in a minute does not stay alive. */
    private static final int MOST_STARTS = 3;

    private static final Duration OF_THESE = Duration.ofMinutes(1);

    private final DataFolder folder;
    private final StackOptions options;
    private final Consumer<String> progress;
    /** By {@link System#nanoTime}, newest last: one for each time that no stack ran. */
    private final Deque<Long> starts = new ArrayDeque<>();

    /** The log of the last stack. Where another command had started that, the log begins when it was found. */
    private @Nullable ChildLog last;

    /** @param progress receives a line for each step that takes time */
    public StackLauncher(DataFolder folder, StackOptions options, Consumer<String> progress) {
        this.folder = folder;
        this.options = options;
        this.progress = progress;
    }

    /**
     * When several commands start at once, one of them starts the stack and all use it.
     *
     * @throws QuernException DATA_FORMAT for a folder of another version or with another store, UNAVAILABLE where no
     *     stack comes up
     */
    public StackLease acquire() throws InterruptedException {
        folder.check();
        folder.checkStore(options.store());
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        @Nullable Started started = null;
        while (System.nanoTime() < deadline) {
            Optional<StackLease> lease = StackLease.attach(folder);
            if (lease.isPresent()) {
                last = last == null ? ChildLog.beginning(log()) : last;
                return withItsStore(lease.get());
            }
            if (started == null || hasEnded(started)) {
                if (started == null) {
                    limitStarts();
                }
                started = start(started == null);
                last = started.log();
            }
            Thread.sleep(BETWEEN_LOOKS);
        }
        throw new QuernException(
                ErrorCode.UNAVAILABLE,
                "the stack on " + folder.path() + " did not come up within " + PATIENCE.toSeconds() + " s; log: "
                        + log());
    }

    /** Whether the stack that was acquired last has ended for lack of memory. */
    public boolean stackRanOutOfMemory() {
        return last != null && last.endsWithoutMemory();
    }

    /** A command restores its connection whenever the stack has died: not for ever, where it dies again and again. */
    private void limitStarts() {
        long now = System.nanoTime();
        starts.removeIf(start -> now - start > OF_THESE.toNanos());
        if (starts.size() == MOST_STARTS) {
            String cause = last == null ? "" : last.lastWords().orElse("it ended without a word") + "; ";
            throw new QuernException(
                    ErrorCode.UNAVAILABLE,
                    "the stack on " + folder.path() + " ended " + MOST_STARTS + " times within a minute: " + cause
                            + "log: " + log());
        }
        starts.add(now);
    }

    /** Another command may have started the stack meanwhile, with another store. */
    private StackLease withItsStore(StackLease lease) {
        try {
            folder.checkStore(options.store());
            return lease;
        } catch (QuernException e) {
            lease.close();
            throw e;
        }
    }

    /** True when another process was faster; that one comes up, or is on its way out. */
    private boolean hasEnded(Started started) {
        if (started.process().isAlive()) {
            return false;
        }
        if (started.process().exitValue() != StackMain.FOLDER_IN_USE) {
            throw new QuernException(
                    ErrorCode.UNAVAILABLE,
                    "the stack on " + folder.path() + " did not start: "
                            + started.log().lastWords().orElse("it ended without a word") + "; log: " + log());
        }
        return true;
    }

    private record Started(Process process, ChildLog log) {}

    private Started start(boolean first) {
        if (first) {
            String why = stackRanOutOfMemory() ? "the stack " + ChildProcess.outOfMemory(jvm()) + "; " : "";
            progress.accept(why + "starting the stack on " + folder.path());
        }
        try {
            folder.makeWritable();
            Path log = log();
            if (Files.exists(log) && Files.size(log) > LARGE_LOG) {
                Files.move(
                        log, folder.logs().resolve("stack.log.1"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
            }
            ChildLog said = ChildLog.beginning(log);
            Process process = JavaCommand.of(List.of(), jvm(), StackMain.class.getName(), options.arguments(folder))
                    .directory(folder.path().toFile())
                    .redirectInput(new File("/dev/null"))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            return new Started(process, said);
        } catch (IOException e) {
            throw new UncheckedIOException("the stack cannot be started on " + folder.path(), e);
        }
    }

    /**
     * Twenty times the usual patience before the second compiler: a start runs much code a little and would wait for
     * it, while hashing a source and packing an output are ten times as fast by it.
     */
    private List<String> jvm() {
        List<String> options = new ArrayList<>(List.of(
                "-Xmx1024m",
                // A service without memory is replaced; one that lingers half dead answers nobody.
                "-XX:+ExitOnOutOfMemoryError",
                "-Djava.io.tmpdir=" + folder.temporary(),
                "-XX:+UseSerialGC",
                "-XX:Tier4InvocationThreshold=100000",
                "-XX:Tier4MinInvocationThreshold=12000",
                "-XX:Tier4CompileThreshold=300000",
                "-XX:Tier4BackEdgeThreshold=800000"));
        String archive = System.getProperty("quern.archive");
        if (archive != null) {
            // Its classes, as the first stack of a build leaves them when it ends: the next ones start in a third of
            // the time.
            options.addAll(List.of(
                    "-XX:+AutoCreateSharedArchive",
                    "-XX:SharedArchiveFile=" + archive,
                    "-Xlog:cds=off",
                    "-Xlog:cds+dynamic=off"));
        }
        return options;
    }

    private Path log() {
        return folder.logs().resolve("stack.log");
    }
}
