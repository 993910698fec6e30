package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.WeightSource;
import java.util.function.Function;

/** A tensor with a scope of its own, so that it can be freed alone. */
record Held(Scope scope, Tensor tensor) implements AutoCloseable {
    /** Makes a tensor in a new scope; the scope is closed if that fails. */
    static Held of(ComputeBackend backend, Function<Scope, Tensor> make) {
        Scope scope = backend.memory().scope();
        try {
            return new Held(scope, make.apply(scope));
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** A tensor of zeros. */
    static Held allocate(ComputeBackend backend, int rows, int cols) {
        return of(backend, scope -> scope.allocate(backend.workingType(), rows, cols));
    }

    /** A stored tensor in the working dtype; not copied where it is stored in that. */
    static Held load(ComputeBackend backend, WeightSource source, String name) {
        Held stored = of(backend, scope -> source.load(scope, name));
        if (stored.tensor().dtype() == backend.workingType()) {
            return stored;
        }
        try (stored) {
            return of(backend, scope -> cast(backend, stored.tensor(), scope));
        }
    }

    /** A copy in the working dtype. */
    static Tensor cast(ComputeBackend backend, Tensor stored, Scope scope) {
        Tensor target = scope.allocate(backend.workingType(), stored.rows(), stored.cols());
        backend.memory().copy(stored, target);
        return target;
    }

    @Override
    public void close() {
        scope.close();
    }
}
