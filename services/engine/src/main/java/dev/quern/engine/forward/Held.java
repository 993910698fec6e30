package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.WeightSource;
import java.util.function.Function;

/** A tensor with a scope of its own, so that it can be freed alone. */
public record Held(Scope scope, Tensor tensor) implements AutoCloseable {
    /** Makes a tensor in a new scope; the scope is closed if that fails. */
    public static Held of(ComputeBackend backend, Function<Scope, Tensor> make) {
        Scope scope = backend.memory().scope();
        try {
            return new Held(scope, make.apply(scope));
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /** A tensor in the working dtype, for what is written whole before it is read. */
    public static Held reserve(ComputeBackend backend, int rows, int cols) {
        return of(backend, scope -> scope.reserve(backend.workingType(), rows, cols));
    }

    /** A stored tensor in the working dtype; not copied where it is stored in that. */
    static Held load(ComputeBackend backend, WeightSource source, String name) {
        return of(backend, scope -> source.load(scope, name)).as(backend, backend.workingType());
    }

    /** The same values in a dtype. This one is closed where they are copied. */
    Held as(ComputeBackend backend, DType dtype) {
        if (tensor.dtype() == dtype) {
            return this;
        }
        try (Held stored = this) {
            return of(backend, target -> cast(backend, stored.tensor(), dtype, target));
        }
    }

    /** A copy in the working dtype. */
    static Tensor cast(ComputeBackend backend, Tensor stored, Scope scope) {
        return cast(backend, stored, backend.workingType(), scope);
    }

    private static Tensor cast(ComputeBackend backend, Tensor stored, DType dtype, Scope scope) {
        Tensor target = scope.reserve(dtype, stored.rows(), stored.cols());
        backend.memory().copy(stored, target);
        return target;
    }

    @Override
    public void close() {
        scope.close();
    }
}
