package dev.quern.engine.run;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.StoredModel;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.transform.QuantizedActivations;
import dev.quern.engine.transform.Transforms;
import dev.quern.recipes.Recipe;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * The compressed blocks of a model in a store. Reads a block when it is asked for and keeps none.
 *
 * @param source of the model
 */
public record StoredBlocks(Source source, Provenance provenance, BlockStore store) {
    /** The model that was compressed. */
    public Model model() {
        return source.model(provenance.recipe());
    }

    /**
     * A block's compressed linears, in program order.
     *
     * @throws DamagedArtifactException when it is not what was committed, or not there
     */
    public BlockArtifact read(int block) {
        ArtifactName name = provenance.block(block);
        return BlockArtifact.read(file(name), name);
    }

    /** A block's compressed linears by their modules' names; throws as {@link #read}. */
    public List<CompressedLinear> linears(int block) {
        return read(block).linears().stream().map(BlockArtifact.Entry::linear).toList();
    }

    /** What is known of a block's linears; throws as {@link #read}. */
    public List<LinearRecord> records(int block) {
        ArtifactName name = provenance.block(block);
        return BlockArtifact.readRecords(file(name), name);
    }

    /** What an output is made from. */
    public Assembly assembly() {
        return Assembly.of(source.checkpoint(), model(), provenance.recipe(), this::linears);
    }

    /** The compressed model for an evaluation. */
    public CompressedBlocks decoded(ComputeBackend backend) {
        return new Decoded(this, backend);
    }

    private record Decoded(StoredBlocks blocks, ComputeBackend backend) implements CompressedBlocks {
        @Override
        public void replaceLinears(int block, BlockWeights weights) {
            DType storedType = blocks.source().storedType();
            for (BlockArtifact.Entry entry : blocks.read(block).linears()) {
                LinearSpec spec =
                        weights.block().program().linear(entry.record().name());
                weights.replace(spec, scope -> entry.linear().decode(backend, scope, storedType));
            }
        }

        @Override
        public StoredModel others(StoredModel original) {
            Recipe recipe = blocks.provenance().recipe();
            if (recipe.transform() == null && recipe.activations() == null) {
                return original;
            }
            Model model = blocks.model();
            return new StoredModel(
                    QuantizedActivations.evaluated(recipe, model.architecture()), model.weights(backend));
        }

        @Override
        public Consumer<double[]> axes(Architecture original) {
            return Transforms.axes(blocks.provenance().recipe().transform(), original);
        }
    }

    private Path file(ArtifactName name) {
        return store.find(name).orElseThrow(() -> DamagedArtifactException.missing(name));
    }
}
