package dev.quern.engine.mask;

import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;

/**
 * What a weight is worth by its square times a factor of its column. The order of these scores is that of their roots,
 * which papers print.
 */
public interface Importance {
    /** The factors of the columns, F64 [1, n]; allocated in the scope, or somebody else's. */
    Tensor columns(Scope scope);
}
