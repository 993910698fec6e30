package dev.quern.cli.jobs;

import dev.quern.cli.console.Console;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.report.TimeLeft;
import dev.quern.recipes.view.JobView;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a job does now, in one line: redrawn on a terminal, else printed when the stage or the block changes. */
final class ProgressLine {

    private static final DateTimeFormatter CLOCK =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private static final int BAR = 20;

    private final Console console;
    private String shown = "";
    private @Nullable String step;

    ProgressLine(Console console) {
        this.console = console;
    }

    void show(JobView job) {
        if (console.quiet()) {
            return;
        }
        String line = describe(job);
        if (console.terminal()) {
            redraw(bar(job.progress().percent()) + " " + line);
            return;
        }
        String now = job.state() + " " + job.stage() + job.progress().block() + reason(job);
        if (!now.equals(step)) {
            step = now;
            console.err().println(line);
        }
    }

    private void redraw(String line) {
        if (!line.equals(shown)) {
            console.redraw(line);
            shown = line;
        }
    }

    /** What is done of the whole, for a terminal. */
    static String bar(double percent) {
        int done = Math.clamp(Math.round(percent / 100 * BAR), 0, BAR);
        return "[" + "=".repeat(done) + " ".repeat(BAR - done) + "]";
    }

    /** Leaves an empty line for what comes next. */
    void end() {
        if (!shown.isEmpty()) {
            console.erase();
            shown = "";
        }
    }

    static String describe(JobView job) {
        JobView.Progress progress = job.progress();
        StringBuilder line = new StringBuilder(
                job.stage() == null || job.state() == JobState.PAUSED
                        ? job.state().word()
                        : job.stage().word());
        if (progress.blocks() > 0) {
            Integer inWork = progress.block();
            int block = inWork == null ? progress.blocksDone() : inWork + 1;
            line.append(" · block ").append(block).append(" of ").append(progress.blocks());
        }
        if (progress.linears() > 0) {
            line.append(" · ")
                    .append(progress.linearsDone())
                    .append(" of ")
                    .append(progress.linears())
                    .append(" linears");
        }
        line.append(String.format(Locale.ROOT, " · %.0f %%", progress.percent()));
        boolean moves = job.state() != JobState.PAUSED && !JobWatcher.isOver(job);
        if (moves && progress.linearsPerMinute() != null) {
            line.append(String.format(Locale.ROOT, " · %.0f linears/min", progress.linearsPerMinute()));
        }
        if (moves && progress.etaSeconds() != null) {
            line.append(" · ").append(TimeLeft.words(progress.etaSeconds())).append(" left");
        }
        return line + reason(job);
    }

    /** What a job waits for, and since when: nothing in it changes while it waits. */
    private static String reason(JobView job) {
        JobView.Reason reason = job.remarks().reason();
        if (reason == null) {
            return "";
        }
        String code = reason.code().words();
        return " · " + code + " since " + CLOCK.format(reason.since())
                + (reason.remedy() == null ? "" : ": " + reason.remedy());
    }
}
