package dev.quern.engine.gradient;

import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearSpec;

/** Sees the linears of a block while it runs backwards, for sketches. */
@FunctionalInterface
public interface LinearGradients {
    LinearGradients NONE = (linear, input, gradient) -> {};

    /**
     * Called once for each linear that may be compressed and each tile. The gradient of the loss by the linear's
     * weights is {@code gradientᵀ input}, for each window on its own.
     *
     * @param input [tokens, linear.cols()], valid and unchanged during the call only; gradient likewise
     * @param gradient of the loss by what leaves the linear, [tokens, linear.rows()]
     */
    void record(LinearSpec linear, Tensor input, Tensor gradient);
}
