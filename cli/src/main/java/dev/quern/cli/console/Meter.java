package dev.quern.cli.console;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Bytes so far, in a line that is redrawn; only a terminal sees it. Any thread may report. */
public final class Meter implements LongConsumer {
    private static final long STEP = 64L << 20;

    private final Console console;
    private final String verb;
    private final AtomicLong done = new AtomicLong();

    /** @param verb what becomes of the bytes, as in {@code read} */
    public Meter(Console console, String verb) {
        this.console = console;
        this.verb = verb;
    }

    @Override
    public void accept(long bytes) {
        long now = done.addAndGet(bytes);
        if (console.terminal() && !console.quiet() && now / STEP != (now - bytes) / STEP) {
            console.err().print("\r" + Units.bytes(now) + " " + verb + " ");
            console.err().flush();
        }
    }
}
