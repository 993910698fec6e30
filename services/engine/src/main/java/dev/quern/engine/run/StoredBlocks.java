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
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.BlockWeights;
import dev.quern.engine.model.LinearSpec;
import java.nio.file.Path;
import java.util.List;

/** The compressed blocks of a model in a store. Reads a block when it is asked for and keeps none. */
public record StoredBlocks(Architecture architecture, Provenance provenance, BlockStore store) {

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

    /**
     * The compressed model for an evaluation.
     *
     * @param storedType of the original linears
     */
    public CompressedBlocks decoded(ComputeBackend backend, DType storedType) {
        return (block, weights) -> replace(block, weights, backend, storedType);
    }

    private void replace(int block, BlockWeights weights, ComputeBackend backend, DType storedType) {
        for (BlockArtifact.Entry entry : read(block).linears()) {
            LinearSpec spec = weights.block().program().linear(entry.record().name());
            weights.replace(spec, scope -> entry.linear().decode(backend, scope, storedType));
        }
    }

    private Path file(ArtifactName name) {
        return store.find(name).orElseThrow(() -> DamagedArtifactException.missing(name));
    }
}
