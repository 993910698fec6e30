package dev.quern.engine.run;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.StoredModel;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.StoredWeights;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.transform.QuantizedActivations;
import dev.quern.engine.transform.Transforms;
import dev.quern.recipes.Recipe;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The compressed model of an evaluation as its own files hold it. Reads a linear when it is asked for and keeps none.
 *
 * @param source the original
 * @param recipe that it was made by; null where it is not known: then nothing was done to the original before, and no
 *     activations are rounded
 */
public record ResultBlocks(
        ComputeBackend backend,
        CompressedCheckpoint result,
        Source source,
        @Nullable Recipe recipe) implements CompressedBlocks {
    @Override
    public void replaceLinears(int block, BlockWeights weights) {
        for (LinearSpec linear : weights.block().program().linears()) {
            LinearId id = weights.block().id(linear);
            if (result.grids().containsKey(id)) {
                CompressedLinear read = result.read(id);
                if (read.rows() != linear.rows() || read.cols() != linear.cols()) {
                    throw OutputReader.damaged("%s: weights of [%d, %d] (expected: [%d, %d])"
                            .formatted(id, read.rows(), read.cols(), linear.rows(), linear.cols()));
                }
                weights.replace(linear, scope -> read.decode(backend, scope, result.decodedType(id)));
            }
        }
    }

    /** All that is not packed is stored beside it, and another tool may have changed it. */
    @Override
    public StoredModel others(StoredModel original) {
        Architecture stored = result.architecture();
        return new StoredModel(
                recipe == null
                        ? stored
                        : QuantizedActivations.evaluated(recipe, Transforms.running(recipe.transform(), stored)),
                new StoredWeights(backend, result.checkpoint()));
    }

    /** Another tool may have rotated or scaled the original before, so only a recipe says what the linears were. */
    @Override
    public @Nullable WeightSource uncompressed(StoredModel original) {
        return recipe == null ? null : source.model(recipe).weights(backend);
    }

    @Override
    public Consumer<double[]> axes(Architecture original) {
        return Transforms.axes(recipe == null ? null : recipe.transform(), original);
    }
}
