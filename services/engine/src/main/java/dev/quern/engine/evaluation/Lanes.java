package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.tiling.Tiling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The lanes of several compressed models. */
final class Lanes implements AutoCloseable {
    private final List<Lane> lanes = new ArrayList<>();

    Lanes(ComputeBackend backend, Tiling tiling, int hidden, Path scratch, int count) {
        try {
            for (int i = 0; i < count; i++) {
                lanes.add(new Lane(backend, tiling, hidden, scratch));
            }
        } catch (RuntimeException e) {
            // The disk may hold some of them.
            close();
            throw e;
        }
    }

    List<Lane> each() {
        return lanes;
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }
}
