package dev.quern.engine.model;

import java.util.List;
import java.util.function.DoubleUnaryOperator;

/**
 * Rotary position embedding as its inverse frequencies, scaling included: element i of a head turns with
 * {@code position * inverseFrequencies[i]} radians.
 *
 * @param headDim elements of a head; twice the frequencies
 */
public record RopeSpec(int headDim, List<Double> inverseFrequencies) {
    public RopeSpec {
        inverseFrequencies = List.copyOf(inverseFrequencies);
        if (headDim != 2 * inverseFrequencies.size()) {
            throw new IllegalArgumentException("inverseFrequencies: %d (expected: half of headDim = %d)"
                    .formatted(inverseFrequencies.size(), headDim));
        }
    }

    /** The same backwards: every element turns by the negative angle. */
    public RopeSpec inverse() {
        return new RopeSpec(
                headDim,
                inverseFrequencies.stream().map(frequency -> -frequency).toList());
    }

    /** Cosines [positions, headDim / 2], row-major; computed in float64, rounded once. */
    public float[] cosines(int positions) {
        return table(positions, Math::cos);
    }

    /** Sines, as {@link #cosines}. */
    public float[] sines(int positions) {
        return table(positions, Math::sin);
    }

    private float[] table(int positions, DoubleUnaryOperator function) {
        int half = inverseFrequencies.size();
        float[] table = new float[positions * half];
        for (int position = 0; position < positions; position++) {
            for (int i = 0; i < half; i++) {
                table[position * half + i] = (float) function.applyAsDouble(position * inverseFrequencies.get(i));
            }
        }
        return table;
    }
}
