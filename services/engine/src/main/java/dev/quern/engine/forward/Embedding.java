package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;

/** The first step of a model: tokens to hidden states. The table stays in its stored dtype. */
public final class Embedding implements AutoCloseable {
    private final ComputeBackend backend;
    private final Held table;

    public Embedding(ComputeBackend backend, Architecture architecture, WeightSource source) {
        this.backend = backend;
        this.table = Held.of(
                backend, scope -> source.load(scope, architecture.embedding().weight()));
    }

    /**
     * @param ids I32 [1, tokens]
     * @param hidden [tokens, hidden] in the working dtype, out
     */
    public void apply(Tensor ids, Tensor hidden) {
        backend.transformer().embedding(ids, table.tensor(), hidden);
    }

    @Override
    public void close() {
        table.close();
    }
}
