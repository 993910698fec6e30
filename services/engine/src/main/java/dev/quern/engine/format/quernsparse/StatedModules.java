package dev.quern.engine.format.quernsparse;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The grids that config.json states by the names of modules. From the headers alone: {@link SparseReader} looks into
 * the tensors.
 */
record StatedModules(Checkpoint checkpoint, Map<String, IntegerShape> stated) implements LinearCodec.Stated {
    private static final QuernSparse FORMAT = new QuernSparse();

    /** Throws OUTPUT_DAMAGED for tensors that do not fit. */
    @Override
    public Optional<IntegerShape> grid(LinearId id, LinearSpec linear) {
        IntegerShape grid = stated.get(id.module());
        if (grid == null) {
            return Optional.empty();
        }
        FORMAT.refusal(id, linear.rows(), linear.cols(), grid).ifPresent(reason -> {
            throw damaged(reason);
        });
        for (String name : List.of(id + QuernSparse.CODES, id + WeightShape.NAME, id + Scales.NAME)) {
            if (!checkpoint.has(name)) {
                throw damaged(name + ": missing (expected: a tensor of a linear in quern-sparse)");
            }
        }
        new StoredScales(checkpoint, id, new Runs(linear.rows(), linear.cols()), grid.groups(linear.cols())).check();
        TensorChecks.require(checkpoint, WeightShape.tensor(id));
        return Optional.of(grid);
    }
}
