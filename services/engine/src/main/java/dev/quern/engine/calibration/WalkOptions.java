package dev.quern.engine.calibration;

import dev.quern.engine.Cancellation;
import java.nio.file.Path;

/**
 * What changes no bit of a walk.
 *
 * @param scratch an existing folder for streams and unfinished artifacts
 * @param statisticsBytes memory for the statistics that are held at once; where a block needs more its tiles are passed
 *     more often
 */
public record WalkOptions(Path scratch, long statisticsBytes, WalkListener listener, Cancellation cancellation) {}
