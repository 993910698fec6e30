package dev.quern.engine.statistics;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.StatisticsArtifact;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.tiling.TileRun;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
     * @return empty when that of a run is missing
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming one that is not what was stored
     */
    public Optional<KroneckerSketch> read(int block, LinearSpec linear, Scope scope) {
        Optional<Factor> outer =
                sum(scope, linear.rows(), run -> names.outer(block, linear.name(), run.first(), run.end()));
        if (outer.isEmpty() || sides == Sides.OUTER) {
            return outer.map(factor -> new KroneckerSketch(factor.sum(), null, factor.windows()));
        }
        return sum(scope, linear.cols(), run -> names.inner(block, linear.name(), run.first(), run.end()))
                .map(inner -> new KroneckerSketch(outer.get().sum(), inner.sum(), inner.windows()));
    }

    private record Factor(Tensor sum, long windows) {}

    private Optional<Factor> sum(Scope scope, int width, Function<TileRun, ArtifactName> name) {
        Tensor sum = scope.allocate(DType.F64, width, width);
        long windows = 0;
        for (TileRun run : runs) {
            ArtifactName artifact = name.apply(run);
            Optional<Path> file = store.find(artifact);
            if (file.isEmpty()) {
                return Optional.empty();
            }
            windows += StatisticsArtifact.read(file.get(), artifact, width, new SymmetricSum(backend, sum)::add);
        }
        return Optional.of(new Factor(sum, windows));
    }
}
