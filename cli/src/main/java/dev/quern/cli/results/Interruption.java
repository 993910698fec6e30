package dev.quern.cli.results;

import dev.quern.cli.console.Console;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What Ctrl-C does while a command waits for a job: says how to resume and leaves nothing half done. The lease ends
 * with the process, whose exit code is then 130; a second Ctrl-C finds nothing left to stop.
 */
public final class Interruption implements AutoCloseable {
    private final Console console;
    private final List<Placements> placements = new CopyOnWriteArrayList<>();
    private final Thread hook = new Thread(this::interrupted, "interrupted");
    private volatile Supplier<String> resume;
    private volatile boolean submitted;
    private volatile boolean over;

    public Interruption(Console console, Supplier<String> resume, @Nullable Placements placement) {
        this.console = console;
        this.resume = resume;
        if (placement != null) {
            placements.add(placement);
        }
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /** From now on there is a job to resume. */
    public void expect() {
        submitted = true;
    }

    /** From now on another command resumes the work. */
    public void expect(Supplier<String> command) {
        resume = command;
        submitted = true;
    }

    /** Another result will be placed as well. */
    public void add(Placements placement) {
        placements.add(placement);
    }

    private void interrupted() {
        if (over) {
            return;
        }
        if (submitted) {
            console.err().println();
            console.warn("interrupted; finished blocks are kept. Resume with: " + resume.get());
        }
        placements.forEach(Placements::close);
    }

    @Override
    public void close() {
        over = true;
        placements.forEach(Placements::close);
    }
}
