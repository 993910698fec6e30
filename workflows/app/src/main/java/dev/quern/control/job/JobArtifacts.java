package dev.quern.control.job;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.plan.JobPlan;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.engine.artifact.ArtifactName.Lifetime;
import dev.quern.engine.artifact.GradientNames;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.artifact.SharedNames;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Tiling;
import dev.quern.inputs.Plans;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The artifacts that a job can have stored, by its plan.
 *
 * @param tenant keys of the job's tenant
 */
public record JobArtifacts(JobContexts contexts, Keys tenant, JobPlan plan) {
    /**
     * Keys of all artifacts of a lifetime.
     *
     * @throws java.io.UncheckedIOException for intermediate ones when the calibration windows cannot be read
     */
    public Set<String> keys(Lifetime lifetime) {
        return names(lifetime).map(this::key).collect(Collectors.toSet());
    }

    /** Deletes all intermediate artifacts that are there. */
    public void deleteIntermediate() throws IOException {
        delete(names(Lifetime.INTERMEDIATE), name -> name.kind().prefix());
    }

    /**
     * Deletes what no one needs when a block is done: its parts, the sums that they were made from, and the stream that
     * entered the block before it, because the next block starts behind that one.
     */
    public void deleteSupersededBy(int block) throws IOException {
        Stream<ArtifactName> entered = block > 1 ? streams(block - 1, tiling().tiles()) : Stream.empty();
        delete(Stream.concat(shared(block).all(), entered), ArtifactName::positionPrefix);
    }

    private Stream<ArtifactName> names(Lifetime lifetime) {
        return Arrays.stream(Kind.values())
                .filter(kind -> kind.lifetime() == lifetime)
                .flatMap(this::names);
    }

    private Stream<ArtifactName> names(Kind kind) {
        if (plan.recipes().isEmpty()) {
            return Stream.empty();
        }
        return switch (kind) {
            case BLOCK ->
                Plans.provenances(plan).stream()
                        .map(provenance -> provenance.blocks(plan.work().blocks()))
                        .flatMap(List::stream);
            case STREAM -> {
                int tiles = tiling().tiles();
                yield ofEachBlock(block -> Stream.concat(streams(block, tiles), originalStreams(block, tiles)));
            }
            case STATISTICS ->
                ofEachBlock(block -> shared(block).statistics().stream().flatMap(List::stream));
            case GRADIENT -> gradients();
            case SKETCH -> sketches();
            case PART -> ofEachBlock(block -> shared(block).parts().stream());
        };
    }

    private Stream<ArtifactName> ofEachBlock(IntFunction<Stream<ArtifactName>> names) {
        return IntStream.range(0, plan.work().blocks()).mapToObj(names).flatMap(Function.identity());
    }

    private Stream<ArtifactName> streams(int block, int tiles) {
        return Plans.provenance(plan).streams(block, tiles).stream();
    }

    private SharedNames shared(int block) {
        Provenance provenance = Plans.provenance(plan);
        return plan.work().sharedUnits() == 0
                ? new SharedNames(List.of(), List.of())
                : provenance.shared(block, plan.work().sharedUnits());
    }

    /** Where gradients are walked, those of the original model, whatever the propagation. */
    private Stream<ArtifactName> originalStreams(int block, int tiles) {
        Provenance provenance = Plans.provenance(plan);
        return plan.gradients() == null
                ? Stream.empty()
                : IntStream.range(0, tiles).mapToObj(tile -> provenance.originalStream(block, tile));
    }

    private Stream<ArtifactName> gradients() {
        JobPlan.Gradients gradients = plan.gradients();
        if (gradients == null) {
            return Stream.empty();
        }
        Tiling tiling = tiling(gradients);
        GradientNames names = gradientNames(sketchPlan(gradients));
        return ofEachBlock(block -> IntStream.range(0, tiling.tiles()).mapToObj(tile -> names.gradient(block, tile)));
    }

    private Stream<ArtifactName> sketches() {
        JobPlan.Gradients gradients = plan.gradients();
        if (gradients == null) {
            return Stream.empty();
        }
        SketchPlan sketches = sketchPlan(gradients);
        GradientNames names = gradientNames(sketches);
        return ofEachBlock(block -> gradients.linears().get(block).stream()
                .flatMap(linear -> sketches.runs().stream()
                        .flatMap(run -> Stream.of(
                                names.outer(block, linear, run.first(), run.end()),
                                names.inner(block, linear, run.first(), run.end())))));
    }

    private SketchPlan sketchPlan(JobPlan.Gradients gradients) {
        return SketchPlan.of(plan.recipes(), tiling(gradients)).orElseThrow();
    }

    private GradientNames gradientNames(SketchPlan sketches) {
        return new GradientNames(
                Plans.provenance(plan), sketches.seed(), sketches.spec().sketch());
    }

    /** How the calibration text was cut. The plan says it, because sketches outlive the text they were made from. */
    private Tiling tiling(JobPlan.Gradients gradients) {
        JobPlan.Tiles tiles = plan.tiles();
        return new Tiling(gradients.windows(), tiles.tokensPerTile() / tiles.windowsPerTile(), tiles.windowsPerTile());
    }

    /** How the calibration text is cut. */
    private Tiling tiling() {
        TokenWindows windows = contexts.windows(plan.calibrationWindows());
        return new Tiling(windows.count(), windows.seqLen(), plan.tiles().windowsPerTile());
    }

    private String key(ArtifactName name) {
        return tenant.artifact(name.fileName());
    }

    /** @param prefix of the names among which a name is looked for: one listing for each prefix */
    private void delete(Stream<ArtifactName> names, Function<ArtifactName, String> prefix) throws IOException {
        ArtifactStore store = contexts.store();
        Map<String, Set<String>> byPrefix =
                names.collect(Collectors.groupingBy(prefix, Collectors.mapping(this::key, Collectors.toSet())));
        for (Map.Entry<String, Set<String>> group : byPrefix.entrySet()) {
            for (ArtifactStore.Entry artifact : store.list(tenant.artifact(group.getKey()))) {
                if (group.getValue().contains(artifact.key())) {
                    store.delete(artifact.key(), artifact.etag());
                }
            }
        }
    }
}
