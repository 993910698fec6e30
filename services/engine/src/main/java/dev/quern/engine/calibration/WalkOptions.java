package dev.quern.engine.calibration;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.LinearRecord;
import java.nio.file.Path;

/**
 * What changes no bit of a walk.
 *
 * @param scratch an existing folder for streams and unfinished artifacts
 * @param statisticsBytes memory for the statistics that are held at once; where a block needs more its tiles are passed more often
 */
public record WalkOptions(Path scratch, long statisticsBytes, WalkListener listener, Cancellation cancellation) {
    /** For a recipe after the first: of its linears the listener hears apart. */
    WalkOptions further() {
        WalkListener apart = new WalkListener() {
            @Override
            public void linearDone(int block, LinearRecord linear) {
                listener.furtherLinearDone(block, linear);
            }
        };
        return new WalkOptions(scratch, statisticsBytes, apart, cancellation);
    }
}
