package dev.quern.jobs;

/** What a running job is doing. No edges: a restart may go back. */
public enum Stage {
    INSPECT(0),
    PLAN(3),
    TRACE(5),
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
}
