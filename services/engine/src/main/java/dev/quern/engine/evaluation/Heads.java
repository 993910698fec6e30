package dev.quern.engine.evaluation;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.forward.OutputHead;
import java.util.ArrayList;
import java.util.List;

/** The output heads of an original and of its compressed models, which may be the same one. */
final class Heads implements AutoCloseable {
    private final OutputHead original;
    private final List<OutputHead> compressed = new ArrayList<>();

    Heads(ComputeBackend backend, StoredModel original, List<StoredModel> compressed, Cancellation cancellation) {
        this.original = head(backend, original, cancellation);
        try {
            for (StoredModel model : compressed) {
                this.compressed.add(model.equals(original) ? this.original : head(backend, model, cancellation));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private static OutputHead head(ComputeBackend backend, StoredModel model, Cancellation cancellation) {
        return new OutputHead(backend, model.architecture(), model.weights(), cancellation);
    }

    OutputHead original() {
        return original;
    }

    OutputHead compressed(int model) {
        return compressed.get(model);
    }

    /** The number of compressed models. */
    int count() {
        return compressed.size();
    }

    @Override
    public void close() {
        compressed.stream().filter(head -> head != original).forEach(OutputHead::close);
        original.close();
    }
}
