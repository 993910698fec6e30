package dev.quern.worker;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.model.BlockWeights;
import dev.quern.engine.model.LinearSpec;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The compressed model for its evaluation: every linear as its artifact decodes, which is what a loader sees. */
record DecodedBlocks(ComputeBackend backend, JobSource source, BlockStore blocks) implements CompressedBlocks {
    @Override
    public void replaceLinears(int block, BlockWeights weights) {
        ArtifactName name = source.provenance().block(block);
        Path file = blocks.find(name)
                .orElseThrow(() -> new IllegalStateException(name + ": missing (expected: made before evaluation)"));
        Map<String, LinearSpec> linears = source.architecture().program().linears().stream()
                .collect(Collectors.toMap(LinearSpec::name, Function.identity()));
        DType as = source.storedType();
        for (BlockArtifact.Entry entry : BlockArtifact.read(file, name).linears()) {
            LinearSpec linear =
                    Objects.requireNonNull(linears.get(entry.record().name()));
            weights.replace(linear, scope -> entry.linear().decode(backend, scope, as));
        }
    }
}
