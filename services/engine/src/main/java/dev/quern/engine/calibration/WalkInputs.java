package dev.quern.engine.calibration;

import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;

/**
 * What decides the results of a walk, and where it is named.
 *
 * @param weights of the original model
 * @param storedType of its linears: compressed weights are decoded to it, as loaders do
 * @param windows the calibration text
 * @param provenance recipe, tile and the digests of all of this
 */
public record WalkInputs(
        Architecture architecture,
        WeightSource weights,
        DType storedType,
        TokenWindows windows,
        Provenance provenance) {

    public Tiling tiling() {
        return new Tiling(windows.count(), windows.seqLen(), provenance.windowsPerTile());
    }
}
