package dev.quern.cli.console;

import java.util.Locale;
import java.util.function.LongConsumer;

/**
 * How far a transfer has come, with its rate: redrawn on a terminal, else printed at every tenth, but not all the time.
 * Any thread may report.
 */
public final class TransferLine implements LongConsumer, AutoCloseable {
    private static final long BETWEEN_NANOS = 250_000_000;
    private static final long BETWEEN_LINES_NANOS = 2_000_000_000;
    private static final int STEPS = 10;

    private final Console console;
    private final String verb;
    private final long total;
    private final long started = System.nanoTime();
    private long known;
    private long moved;
    private long shown = started;
    private long step;

    public TransferLine(Console console, String verb, long total) {
        this.console = console;
        this.verb = verb;
        this.total = total;
    }

    /** Bytes that need not move: they count for the sum, not for the rate. */
    public synchronized void known(long bytes) {
        known += bytes;
        step = step();
    }

    /** Bytes that moved; negative for those that must move again. */
    @Override
    public synchronized void accept(long bytes) {
        moved += bytes;
        if (console.quiet()) {
            return;
        }
        long now = System.nanoTime();
        if (console.terminal()) {
            if (now - shown >= BETWEEN_NANOS) {
                shown = now;
                console.redraw(line((now - started) / 1e9));
            }
        } else if (step() > step && now - shown >= BETWEEN_LINES_NANOS) {
            step = step();
            shown = now;
            console.say(line((now - started) / 1e9));
        }
    }

    private long step() {
        return total == 0 ? 0 : (known + moved) * STEPS / total;
    }

    private String line(double seconds) {
        double rate = moved / Math.max(seconds, 1e-3);
        long left = total - known - moved;
        return String.format(
                Locale.ROOT,
                "%s · %s of %s · %s/s%s",
                verb,
                Units.bytes(known + moved),
                Units.bytes(total),
                Units.bytes((long) rate),
                left > 0 && rate > 0 ? " · " + Units.duration(left / rate) + " left" : "");
    }

    @Override
    public synchronized void close() {
        if (console.terminal() && !console.quiet()) {
            console.erase();
        }
    }
}
