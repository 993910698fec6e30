package dev.quern.engine.mask;

import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.method.InputStatistics;

/** |w| ‖x‖, x the inputs of the column (Sun et al., arXiv 2306.11695): the diagonal of H holds the squares of ‖x‖. */
public record Wanda(InputStatistics inputs) implements Importance {
    @Override
    public Tensor columns(Scope scope) {
        return inputs.diagonal();
    }
}
