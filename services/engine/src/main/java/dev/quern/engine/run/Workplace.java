package dev.quern.engine.run;

import dev.quern.engine.Cancellation;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a compression runs.
 *
 * @param folder holds scratch and what survives a run that was stopped, so that the next one continues; made when it is
 *     missing
 * @param output where the result goes; missing or empty
 * @param fanout into how many segments the blocks are cut; they are walked one after the other
 */
public record Workplace(
        Path folder, Path output, Budget budget, Fanout fanout, WalkListener listener, Cancellation cancellation) {

    public Workplace(Path folder, Path output, Budget budget) {
        this(folder, output, budget, Fanout.ALONE, WalkListener.NONE, Cancellation.NEVER);
    }

    Path artifacts() {
        return made("artifacts");
    }

    Path scratch() {
        return made("scratch");
    }

    private Path made(String name) {
        try {
            return Files.createDirectories(folder.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
