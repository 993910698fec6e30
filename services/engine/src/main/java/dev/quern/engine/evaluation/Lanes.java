package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.tiling.Tiling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The lanes of several compressed models, and how far each is from the original. */
final class Lanes implements AutoCloseable {
    private final List<Lane> lanes = new ArrayList<>();
    private final List<StreamErrors> errors = new ArrayList<>();
    private final List<Consumer<double[]>> axes;

    Lanes(
            ComputeBackend backend,
            Tiling tiling,
            Architecture architecture,
            Path scratch,
            List<CompressedBlocks> compressed) {
        this.axes = compressed.stream().map(each -> each.axes(architecture)).toList();
        int boundaries = architecture.blocks().size() + 1;
        try {
            for (int i = 0; i < compressed.size(); i++) {
                lanes.add(new Lane(backend, tiling, architecture.hidden(), scratch));
                errors.add(new StreamErrors(tiling.windows(), tiling.seqLen(), boundaries));
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

    /** Measures a lane where both have come to the same boundary. */
    void measure(int lane, int boundary, Lane original) {
        errors.get(lane).measure(boundary, original.host(), lanes.get(lane).host(), axes.get(lane));
    }

    /** One for each lane. */
    List<StreamErrors> errors() {
        return errors;
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }
}
