package dev.quern.recipes.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Named places at which a process can be made to die, or to wait until somebody kills it: before and after everything
 * that makes a job's work durable. A place does nothing unless the environment of the process says otherwise:
 *
 * <ul>
 *   <li>{@code QUERN_FAILPOINT=block.after:2}: the process halts, without any last act, the second time it passes that
 *       place.
 *   <li>{@code QUERN_FAILPOINT=@FILE}: once there is such a file, it names a place in the same words. The process that
 *       passes it renames the file to {@code FILE.held} and stands still there until that is deleted, a minute at most.
 * </ul>
 *
 * <p>{@code /memory} behind a place, as in {@code block.after:2/memory}, makes the process run out of memory there
 * instead.
 */
public final class FailPoint {
    /** As a shell reports kill -9. */
    static final int HALTED = 137;

    private static final String VARIABLE = "QUERN_FAILPOINT";
    private static final Duration LONGEST_HOLD = Duration.ofMinutes(1);
    private static final int LARGE = 1 << 20;
    private static final Duration BETWEEN_LOOKS = Duration.ofMillis(10);
    private static final Pattern PLACE = Pattern.compile("([a-z.]+)(?::([1-9]\\d{0,5}))?(/memory)?");
    private static final @Nullable FailPoint OF_PROCESS = of(System.getenv(VARIABLE));

    private final String setting;
    private String counted = "";
    private int passes;

    FailPoint(String setting) {
        this.setting = setting;
        if (!setting.startsWith("@")) {
            parse(setting);
        }
    }

    private static @Nullable FailPoint of(@Nullable String setting) {
        return setting == null || setting.isBlank() ? null : new FailPoint(setting);
    }

    /**
     * Says that this process is at a place.
     *
     * @param place lower-case words with dots between them
     */
    public static void pass(String place) {
        if (OF_PROCESS != null) {
            OF_PROCESS.at(place);
        }
    }

    void at(String place) {
        if (!setting.startsWith("@")) {
            if (isDue(place, setting)) {
                end(setting);
            }
            return;
        }
        Path file = Path.of(setting.substring(1));
        try {
            String wanted = Files.exists(file) ? Files.readString(file).strip() : "";
            // Empty for the moment in which it is written.
            if (!wanted.isEmpty() && isDue(place, wanted)) {
                hold(file, wanted);
            }
        } catch (NoSuchFileException e) {
            // Another process was there first, or it was taken back.
        } catch (IOException e) {
            throw new IllegalStateException(VARIABLE + ": " + setting, e);
        }
    }

    /** Counts; true the one time that is meant. */
    private synchronized boolean isDue(String place, String wanted) {
        if (!wanted.equals(counted)) {
            counted = wanted;
            passes = 0;
        }
        Matcher parts = parse(wanted);
        if (!parts.group(1).equals(place)) {
            return false;
        }
        String times = parts.group(2);
        boolean due = ++passes == (times == null ? 1 : Integer.parseInt(times));
        if (due) {
            counted = "";
        }
        return due;
    }

    private static Matcher parse(String wanted) {
        Matcher parts = PLACE.matcher(wanted);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    VARIABLE + ": " + wanted + " (expected: a place, place:n, either with /memory, or @FILE)");
        }
        return parts;
    }

    private static void end(String wanted) {
        if (parse(wanted).group(3) == null) {
            Runtime.getRuntime().halt(HALTED);
        }
        fillTheHeap();
    }

    private static void fillTheHeap() {
        Object[] all = {};
        while (true) {
            all = new Object[] {all, new long[LARGE]};
        }
    }

    private static void hold(Path file, String wanted) throws IOException {
        Path held = file.resolveSibling(file.getFileName() + ".held");
        Files.move(file, held, StandardCopyOption.ATOMIC_MOVE);
        if (parse(wanted).group(3) != null) {
            end(wanted);
        }
        long end = System.nanoTime() + LONGEST_HOLD.toNanos();
        try {
            while (Files.exists(held) && System.nanoTime() < end) {
                Thread.sleep(BETWEEN_LOOKS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
