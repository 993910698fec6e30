package dev.quern.engine.evaluation;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.evaluation.heldout.LinearErrors;
import dev.quern.engine.evaluation.heldout.LinearProbe;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.tiling.Tiling;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The lanes of several compressed models, and how far each and its linears are from the original. */
final class Lanes implements AutoCloseable {
    private final ComputeBackend backend;
    private final Tiling tiling;
    private final Path scratch;
    private final List<Lane> lanes = new ArrayList<>();
    private final List<StreamErrors> errors = new ArrayList<>();
    private final List<LinearErrors> linears = new ArrayList<>();
    private final List<Consumer<double[]>> axes;
    private final List<@Nullable WeightSource> uncompressed = new ArrayList<>();

    Lanes(
            ComputeBackend backend,
            Tiling tiling,
            StoredModel original,
            Path scratch,
            List<CompressedBlocks> compressed) {
        this.backend = backend;
        this.tiling = tiling;
        this.scratch = scratch;
        Architecture architecture = original.architecture();
        this.axes = compressed.stream().map(each -> each.axes(architecture)).toList();
        compressed.forEach(each -> uncompressed.add(each.uncompressed(original)));
        int boundaries = architecture.blocks().size() + 1;
        try {
            for (int i = 0; i < compressed.size(); i++) {
                lanes.add(new Lane(backend, tiling, architecture.hidden(), scratch));
                errors.add(new StreamErrors(tiling.windows(), tiling.seqLen(), boundaries));
                linears.add(new LinearErrors(tiling.windows()));
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

    /** Takes a lane through a block, and measures its compressed linears on the way. */
    void advance(int lane, Interpreter interpreter, BlockWeights weights, Steps steps) {
        WeightSource original = uncompressed.get(lane);
        List<LinearSpec> measured = original == null ? List.of() : weights.replaced();
        try (LinearProbe probe = new LinearProbe(backend, tiling, scratch, weights, measured)) {
            lanes.get(lane).advance(interpreter, weights, probe::tile, steps);
            if (original != null) {
                probe.measure(original, linears.get(lane), steps.cancellation());
            }
        }
    }

    /** Measures a lane where both have come to the same boundary. */
    void measure(int lane, int boundary, Lane original) {
        errors.get(lane).measure(boundary, original.host(), lanes.get(lane).host(), axes.get(lane));
    }

    /** One for each lane. */
    List<StreamErrors> errors() {
        return errors;
    }

    /** One for each lane. */
    List<LinearErrors> linears() {
        return linears;
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }
}
