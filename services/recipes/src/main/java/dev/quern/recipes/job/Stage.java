package dev.quern.recipes.job;

import dev.quern.recipes.codec.ByName;
import java.util.Locale;

/** What a running job is doing. No edges: a restart may go back. */
@ByName
public enum Stage {
    INSPECT(0),
    PLAN(3),
    TRACE(5),
    GRADIENT(5),
    COMPRESS(5),
    ASSEMBLE(70),
    VERIFY(74),
    EVALUATE(78),
    PUBLISH(98);

    private final double percent;

    Stage(double percent) {
        this.percent = percent;
    }

    /** How much of a job is behind it when this stage begins: roughly, by the usual share of the time. */
    public double percent() {
        return percent;
    }

    /** In lower case, as people read it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
