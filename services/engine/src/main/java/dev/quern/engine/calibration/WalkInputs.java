package dev.quern.engine.calibration;

import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.WeightSource;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Tiling;
import dev.quern.engine.transform.QuantizedActivations;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import java.util.List;
import java.util.Optional;

/**
 * What decides the results of a walk, and where it is named.
 *
 * @param weights of the model that is compressed
 * @param storedType of its linears: compressed weights are decoded to it, as loaders do
 * @param windows the calibration text
 * @param provenances one for each recipe, with tile and the digests of all of this; several recipes share the streams
 *     and the statistics, so each of them takes its inputs from the original model
 */
public record WalkInputs(
        Architecture architecture,
        WeightSource weights,
        DType storedType,
        TokenWindows windows,
        List<Provenance> provenances) {

    public WalkInputs {
        provenances = List.copyOf(provenances);
        if (provenances.isEmpty()) {
            throw new IllegalArgumentException("provenances: none (expected: one for each recipe)");
        }
        for (Provenance provenance : provenances) {
            requireShared(provenance, provenances);
        }
    }

    /** For one recipe. */
    public WalkInputs(
            Architecture architecture,
            WeightSource weights,
            DType storedType,
            TokenWindows windows,
            Provenance provenance) {
        this(architecture, weights, storedType, windows, List.of(provenance));
    }

    private static void requireShared(Provenance provenance, List<Provenance> all) {
        Recipe recipe = provenance.recipe();
        boolean alone = all.size() == 1;
        if (!alone && (!recipe.needsCalibration() || recipe.propagation() != Propagation.INDEPENDENT)) {
            throw new IllegalArgumentException("recipe " + recipe.name()
                    + " (expected: one with calibration and independent propagation, to share a walk)");
        }
        if (!provenance.with(all.getFirst().recipe()).equals(all.getFirst())) {
            throw new IllegalArgumentException(provenance + " (expected: to differ in nothing but the recipe)");
        }
    }

    /** The first recipe's; streams have the same names for all. */
    public Provenance provenance() {
        return provenances.getFirst();
    }

    /** What the walk records, for all outputs together. */
    StatisticsCost statisticsCost() {
        return StatisticsCost.of(provenances.stream().map(Provenance::recipe).toList());
    }

    /** The gradients that the recipes are made from; empty where none needs any. Throws as {@link SketchPlan#of}. */
    public Optional<SketchPlan> sketches() {
        return SketchPlan.of(provenances.stream().map(Provenance::recipe).toList(), tiling());
    }

    /** A block of the model. */
    Block block(int index) {
        return architecture.blocks().get(index);
    }

    /** The same as calibration runs it, which may round activations. */
    Block calibrated(int index) {
        return QuantizedActivations.calibrated(provenance().recipe(), architecture, index);
    }

    public Tiling tiling() {
        return new Tiling(windows.count(), windows.seqLen(), provenance().windowsPerTile());
    }
}
