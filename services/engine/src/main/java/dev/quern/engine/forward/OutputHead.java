package dev.quern.engine.forward;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;
import java.util.ArrayList;
import java.util.List;

/**
 * The last step of a model: final norm and logits. The head's matrix stays in its stored dtype and is cast a slice of
 * the vocabulary at a time, so that 128k rows need no second copy.
 */
public final class OutputHead implements AutoCloseable {
    private static final long SLICE_BYTES = 64 << 20;
    private static final long LOGITS_BYTES = 256 << 20;
    private static final int MAX_TOKENS = 4096;

    private final ComputeBackend backend;
    private final Architecture architecture;
    private final Cancellation cancellation;
    private final Precision precision;
    private final Held norm;
    private final Held matrix;

    /** @param cancellation is asked before every slice of the vocabulary */
    public OutputHead(
            ComputeBackend backend, Architecture architecture, WeightSource source, Cancellation cancellation) {
        this.backend = backend;
        this.architecture = architecture;
        this.cancellation = cancellation;
        this.precision = backend.precision(Precision.Use.LOGITS);
        this.norm = Held.load(backend, source, architecture.head().norm());
        this.matrix = Held.of(backend, scope -> source.load(scope, architecture.headWeight()));
    }

    /** Tokens whose logits fit in {@value #LOGITS_BYTES} bytes; depends on the model only, so that results do. */
    public static int tokensAtOnce(Architecture architecture) {
        long row = (long) architecture.vocabulary() * Float.BYTES;
        return Math.clamp(LOGITS_BYTES / row, 1, MAX_TOKENS);
    }

    /**
     * Logits of several streams at once: a slice of the head is cast once for all of them.
     *
     * @param hidden [tokens, hidden] each, as they leave the last block
     * @param logits [tokens, vocabulary] each, in the working dtype, out
     */
    public void apply(List<Tensor> hidden, List<Tensor> logits) {
        try (Scope scope = backend.memory().scope()) {
            List<Tensor> normed = new ArrayList<>();
            for (Tensor x : hidden) {
                Tensor y = scope.reserve(backend.workingType(), x.rows(), x.cols());
                backend.transformer()
                        .rmsNorm(x, norm.tensor(), architecture.head().eps(), y);
                normed.add(y);
            }
            int rows = sliceRows();
            for (int from = 0; from < architecture.vocabulary(); from += rows) {
                cancellation.check();
                slice(from, Math.min(from + rows, architecture.vocabulary()), normed, logits);
            }
        }
    }

    private void slice(int from, int to, List<Tensor> normed, List<Tensor> logits) {
        Tensor stored = matrix.tensor().rows(from, to);
        try (Scope scope = backend.memory().scope()) {
            Tensor slice = working(stored, scope);
            for (int i = 0; i < normed.size(); i++) {
                Tensor target = logits.get(i).cols(from, to);
                backend.linearAlgebra().gemm(precision, 1, normed.get(i), false, slice, true, 0, target);
            }
        }
    }

    /**
     * Goes back through logits and norm.
     *
     * @param hidden [tokens, hidden], as it leaves the last block
     * @param gradient of the loss by the logits, [tokens, vocabulary]
     * @param target the gradient by hidden, shaped as it, out
     */
    public void back(Tensor hidden, Tensor gradient, Tensor target) {
        int rows = sliceRows();
        for (int from = 0; from < architecture.vocabulary(); from += rows) {
            cancellation.check();
            int to = Math.min(from + rows, architecture.vocabulary());
            Tensor stored = matrix.tensor().rows(from, to);
            try (Scope scope = backend.memory().scope()) {
                Tensor slice = working(stored, scope);
                backend.linearAlgebra()
                        .gemm(precision, 1, gradient.cols(from, to), false, slice, false, from == 0 ? 0 : 1, target);
            }
        }
        backend.gradients()
                .rmsNormVjp(hidden, norm.tensor(), architecture.head().eps(), target, target);
    }

    private Tensor working(Tensor stored, Scope scope) {
        return stored.dtype() == backend.workingType() ? stored : Held.cast(backend, stored, scope);
    }

    private int sliceRows() {
        long row = (long) architecture.hidden() * Float.BYTES;
        return Math.clamp(SLICE_BYTES / row, 1, architecture.vocabulary());
    }

    @Override
    public void close() {
        norm.close();
        matrix.close();
    }
}
