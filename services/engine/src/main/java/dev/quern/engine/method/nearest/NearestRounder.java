package dev.quern.engine.method.nearest;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.method.Rounder;

/** Leaves the weights at their nearest codes. */
public record NearestRounder() implements Rounder {
    @Override
    public long workingBytes(int rows, int cols, int typeBytes) {
        // H in the working type; errors; codes and the scales of groups as small as 8.
        return (long) cols * cols * typeBytes + (long) rows * cols * (typeBytes + 3L);
    }

    @Override
    public double unitOperations(int cols) {
        return 0;
    }

    @Override
    public double operations(int rows, int cols) {
        return 0;
    }

    @Override
    public Unit prepare(ComputeBackend backend, Scope scope, Evidence evidence, Cancellation cancellation) {
        return (local, linear, w, start, scratch, cancelled) -> Rounded.nearest(start, null);
    }
}
