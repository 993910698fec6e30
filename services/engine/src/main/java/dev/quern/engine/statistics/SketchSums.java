package dev.quern.engine.statistics;

import dev.quern.engine.gradient.LinearGradients;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;

/**
 * The sketches of some linears of a block on their way: they see all tiles in order, {@link SketchSpec#passes} times.
 * Other linears pass by unseen.
 */
public interface SketchSums extends LinearGradients, AutoCloseable {
    /**
     * Begins a pass over all tiles.
     *
     * @param pass from 0, in order
     */
    void begin(int pass);

    /** The sketch of a linear after the last pass; valid until closed. */
    KroneckerSketch of(LinearSpec linear);

    @Override
    void close();
}
