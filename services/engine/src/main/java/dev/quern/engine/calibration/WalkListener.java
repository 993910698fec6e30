package dev.quern.engine.calibration;

import dev.quern.engine.artifact.LinearRecord;
import java.util.List;

/** Receives the progress of a walk, on the walk's thread; must return at once. */
public interface WalkListener {
    WalkListener NONE = new WalkListener() {};

    /** Work on a block begins; its inputs may still have to be replayed. */
    default void blockStarted(int block) {}

    /** One more tile went through a block: for statistics, for its outputs, or both. */
    default void tileDone(int block) {}

    /**
     * The states of a tile at a block's entry are durable, or the gradient by them.
     *
     * @param reused they were there before
     */
    default void streamDone(int block, int tile, boolean reused) {}

    /**
     * The sketches of a block over a run of tiles are durable.
     *
     * @param reused they were there before
     */
    default void sketchDone(int block, boolean reused) {}

    /**
     * A linear was made.
     *
     * @param output whose recipe made it, from 0
     */
    default void linearDone(int output, int block, LinearRecord linear) {}

    /**
     * The artifact of a block is durable.
     *
     * @param reused it was there before and was not made again
     * @param linears of the first output, which boards show
     */
    default void blockDone(int block, boolean reused, List<LinearRecord> linears) {}
}
