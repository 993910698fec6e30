package dev.quern.embedded;

import dev.quern.recipes.process.ProcessWords;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process of a stack: owns the data folder while it lives. Started by {@link StackLauncher}; its arguments are
 * those of {@link StackOptions}.
 */
public final class StackMain {
    /** Exit code when another process owns the data folder. */
    static final int FOLDER_IN_USE = 75;

    private static final Logger log = LoggerFactory.getLogger(StackMain.class);
    /** An earlier stack that is on its way out frees the folder within this time. */
    private static final Duration LOCK_PATIENCE = Duration.ofSeconds(45);

    private StackMain() {}

    public static void main(String[] arguments) throws IOException {
        leaveSession();
        DataFolder folder = new DataFolder(Path.of(arguments[0]));
        try (FileChannel channel = folder.openLock()) {
            int code = run(folder, StackOptions.of(arguments), channel);
            channel.close();
            // Spring, Temporal and gRPC leave threads behind that nobody waits for.
            System.exit(code);
        }
    }

    private static int run(DataFolder folder, StackOptions options, FileChannel channel) throws IOException {
        try {
            if (lock(channel, folder) == null) {
                return FOLDER_IN_USE;
            }
            folder.prepare();
            folder.sweepTemporary(
                    Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime()));
            folder.checkStore(options.store());
            serve(folder, options);
            return 0;
        } catch (RuntimeException e) {
            log.error("The stack ends", e);
            System.out.println(ProcessWords.CAUSE + cause(e));
            return 1;
        } catch (InterruptedException e) {
            return 1;
        }
    }

    private static void serve(DataFolder folder, StackOptions options) throws IOException, InterruptedException {
        try (Stack stack = Stack.start(folder, options)) {
            Runtime.getRuntime().addShutdownHook(new Thread(stack::close, "stop"));
            stack.awaitIdle();
        }
    }

    /** Null where another live stack holds the folder. */
    private static @Nullable FileLock lock(FileChannel channel, DataFolder folder)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + LOCK_PATIENCE.toNanos();
        @Nullable FileLock lock = channel.tryLock();
        while (lock == null && System.nanoTime() < deadline && folder.stack().isEmpty()) {
            Thread.sleep(100);
            lock = channel.tryLock();
        }
        return lock;
    }

    private static String cause(Throwable error) {
        Throwable root = error;
        for (Throwable next = error; next != null; next = next.getCause()) {
            root = next;
        }
        // Only its first line is read as the cause.
        String message = root.getMessage() == null ? root.toString() : root.getMessage();
        return message.lines().findFirst().orElse(message);
    }

    /**
     * A session of its own: Ctrl-C in the terminal of the command that started it reaches neither this process nor its
     * children.
     */
    @SuppressWarnings("restricted")
    private static void leaveSession() {
        Linker linker = Linker.nativeLinker();
        try {
            Object ignored = linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("setsid"), FunctionDescriptor.of(ValueLayout.JAVA_INT))
                    .invoke();
            log.debug("Session {}", ignored);
        } catch (Throwable e) {
            throw new IllegalStateException("setsid", e);
        }
    }
}
