package dev.quern.engine.mask;

import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.gptq.DampedFactor;

/**
 * w² times the curvature that is left for a column once those before it are settled (Frantar and Alistarh, arXiv
 * 2301.00774). They print it as w² / U_jj² with H⁻¹ = Uᵀ U; it is the square of V_jj with H = V Vᵀ.
 *
 * @param factor in natural order
 */
public record SparseGpt(DampedFactor factor) implements Importance {
    public SparseGpt {
        if (!factor.natural()) {
            throw new IllegalArgumentException("order: STATIC (expected: NONE for scores by column)");
        }
    }

    @Override
    public Tensor columns(Scope scope) {
        return factor.pivots();
    }
}
