package dev.quern.engine.statistics;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.DamagedArtifactException;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.KroneckerSketch;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.tiling.TileRun;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/**
 * Sketches that walks of gradients stored, summed over runs of tiles.
 *
 * @param runs in the order in which they are added, which decides bits
 */
public record StoredSketches(
        ComputeBackend backend, BlockStore store, GradientNames names, List<TileRun> runs, Sides sides) {
    public StoredSketches {
        runs = List.copyOf(runs);
    }

    /**
     * The sketch of a linear.
     *
     * @param scope of the sums
     * @throws DamagedArtifactException naming one that is missing, or not what was stored
     */
    public KroneckerSketch read(int block, LinearSpec linear, Scope scope) {
        Factor outer = sum(scope, linear.rows(), run -> names.outer(block, linear.name(), run.first(), run.end()));
        if (sides == Sides.OUTER) {
            return new KroneckerSketch(outer.sum(), null, outer.windows());
        }
        Factor inner = sum(scope, linear.cols(), run -> names.inner(block, linear.name(), run.first(), run.end()));
        return new KroneckerSketch(outer.sum(), inner.sum(), inner.windows());
    }

    private record Factor(Tensor sum, long windows) {}

    private Factor sum(Scope scope, int width, Function<TileRun, ArtifactName> name) {
        Tensor sum = scope.allocate(DType.F64, width, width);
        long windows = 0;
        for (TileRun run : runs) {
            ArtifactName artifact = name.apply(run);
            Path file = store.find(artifact).orElseThrow(() -> DamagedArtifactException.missing(artifact));
            windows += StatisticsArtifact.read(file, artifact, width, new SymmetricSum(backend, sum)::add);
        }
        return new Factor(sum, windows);
    }
}
