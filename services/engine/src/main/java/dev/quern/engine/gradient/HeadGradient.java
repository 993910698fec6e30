package dev.quern.engine.gradient;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.OutputHead;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.WeightSource;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.List;

/**
 * Where the gradients of a model begin. The loss is the cross entropy, summed over the tokens, of labels drawn from the
 * model's own distribution, one for each token: its expected square is the Fisher information (docs/algorithms.md). As
 * many logits are in memory at once as {@link OutputHead#tokensAtOnce} says.
 */
public final class HeadGradient implements AutoCloseable {
    private final ComputeBackend backend;
    private final Architecture architecture;
    private final Cancellation cancellation;
    private final long seed;
    private final OutputHead head;

    /**
     * @param seed of the labels
     * @param cancellation is asked before every slice of the vocabulary
     */
    public HeadGradient(
            ComputeBackend backend,
            Architecture architecture,
            WeightSource source,
            long seed,
            Cancellation cancellation) {
        this.backend = backend;
        this.architecture = architecture;
        this.cancellation = cancellation;
        this.seed = seed;
        this.head = new OutputHead(backend, architecture, source, cancellation);
    }

    /**
     * @param hidden what leaves the last block, [tokens, hidden]
     * @param firstToken of row 0 in the whole text
     * @param target the gradient by hidden, shaped as it, out
     * @throws QuernException NON_FINITE_INPUTS when there is no distribution to draw from
     */
    public void apply(Tensor hidden, long firstToken, Tensor target) {
        int step = OutputHead.tokensAtOnce(architecture);
        for (int from = 0; from < hidden.rows(); from += step) {
            int to = Math.min(hidden.rows(), from + step);
            rows(hidden.rows(from, to), firstToken + from, target.rows(from, to));
        }
        if (!backend.elementwise().allFinite(target)) {
            throw new QuernException(
                    ErrorCode.NON_FINITE_INPUTS,
                    "gradients of tokens " + firstToken + " to " + (firstToken + hidden.rows() - 1)
                            + ": NaN or infinity (expected: finite; does the original model overflow on this text?)");
        }
    }

    private void rows(Tensor hidden, long firstToken, Tensor target) {
        try (Scope scope = backend.memory().scope()) {
            Tensor logits = scope.reserve(backend.workingType(), hidden.rows(), architecture.vocabulary());
            Tensor labels = scope.allocate(DType.I32, 1, hidden.rows());
            head.apply(List.of(hidden), List.of(logits));
            backend.interruptibly(cancellation, () -> {
                backend.gradients().sampleLabels(logits, seed, firstToken, labels);
                backend.gradients().logitGradient(logits, labels, logits);
            });
            head.back(hidden, logits, target);
        }
    }

    @Override
    public void close() {
        head.close();
    }
}
