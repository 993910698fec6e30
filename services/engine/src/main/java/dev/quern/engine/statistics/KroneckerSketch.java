package dev.quern.engine.statistics;

import dev.quern.engine.backend.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Sums over windows b of the gradients G_b [m, n] of the loss by the weights of a linear, {@code G_b = Σ g xᵀ} over the
 * tokens of the window. Nothing is normalised: divided by the windows and by n or m they are the two factors of the
 * Fisher information (docs/algorithms.md).
 *
 * @param outer Σ G_b G_bᵀ, F64 [m, m], both triangles
 * @param inner Σ G_bᵀ G_b, F64 [n, n], both triangles; null where only the outputs were summed
 * @param windows how many
 */
public record KroneckerSketch(Tensor outer, @Nullable Tensor inner, long windows) {}
