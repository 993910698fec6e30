package dev.quern.engine.gradient;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.BlockWeights;
import dev.quern.engine.forward.Embedding;
import dev.quern.engine.forward.Interpreter;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.forward.OutputHead;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.WeightSource;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** A whole model on one tile, forward and back at once. */
public final class ModelPass {
    private final ComputeBackend backend;
    private final Architecture architecture;
    private final WeightSource source;
    private final int seqLen;
    private final boolean rounds;
    private final Tensor hidden;

    /** A matrix that is added to the weights of a linear. */
    record Change(int block, LinearSpec linear, Tensor addend, double factor) {}

    /** Sees the linears of all blocks. */
    public interface Recorder {
        void record(int block, LinearSpec linear, Tensor input, Tensor gradient);
    }

    ModelPass(
            ComputeBackend backend,
            Scope scope,
            Architecture architecture,
            WeightSource source,
            int[] tokens,
            int seqLen) {
        this(backend, scope, architecture, source, tokens, seqLen, false);
    }

    /** @param rounds to bf16 at every boundary, as streams are */
    public ModelPass(
            ComputeBackend backend,
            Scope scope,
            Architecture architecture,
            WeightSource source,
            int[] tokens,
            int seqLen,
            boolean rounds) {
        this.rounds = rounds;
        this.backend = backend;
        this.architecture = architecture;
        this.source = source;
        this.seqLen = seqLen;
        this.hidden = scope.allocate(backend.workingType(), tokens.length, architecture.hidden());
        try (Embedding embedding = new Embedding(backend, architecture, source)) {
            MemorySegment ids = scope.arena().allocateFrom(ValueLayout.JAVA_INT, tokens);
            embedding.apply(backend.memory().upload(scope, ids, DType.I32, 1, tokens.length), hidden);
        }
    }

    /** What enters the first block; a test may change it. */
    Tensor hidden() {
        return hidden;
    }

    /** What enters each block, and what leaves the last one. */
    List<Tensor> streams(Scope scope, List<Change> changes) {
        List<Tensor> streams = new ArrayList<>(List.of(hidden));
        try (Interpreter interpreter = new Interpreter(backend, seqLen, Cancellation.NEVER)) {
            for (int block = 0; block < architecture.blocks().size(); block++) {
                Tensor next = scope.allocate(backend.workingType(), hidden.rows(), hidden.cols());
                try (BlockWeights weights =
                        new BlockWeights(backend, source, architecture.blocks().get(block))) {
                    for (Change change : changes) {
                        if (change.block() == block) {
                            apply(change, weights);
                        }
                    }
                    interpreter.run(weights, streams.getLast(), next, LinearInputs.NONE);
                }
                if (rounds) {
                    Tensor rounded = scope.allocate(DType.BF16, next.rows(), next.cols());
                    backend.memory().copy(next, rounded);
                    backend.memory().copy(rounded, next);
                }
                streams.add(next);
            }
        }
        return streams;
    }

    private void apply(Change change, BlockWeights weights) {
        try (Scope scope = backend.memory().scope()) {
            Tensor original = weights.working(change.linear(), scope);
            Tensor copy = scope.allocate(backend.workingType(), original.rows(), original.cols());
            backend.memory().copy(change.addend(), copy);
            backend.elementwise().scale(change.factor(), copy);
            backend.elementwise().add(copy, original, copy);
            weights.replace(change.linear(), target -> {
                Tensor changed = target.allocate(backend.workingType(), copy.rows(), copy.cols());
                backend.memory().copy(copy, changed);
                return changed;
            });
        }
    }

    Tensor logits(Scope scope, List<Change> changes) {
        Tensor logits = scope.allocate(backend.workingType(), hidden.rows(), architecture.vocabulary());
        try (OutputHead head = new OutputHead(backend, architecture, source, Cancellation.NEVER)) {
            head.apply(List.of(streams(scope, changes).getLast()), List.of(logits));
        }
        return logits;
    }

    /** The labels that {@link HeadGradient} draws. */
    Tensor labels(Scope scope, long seed, long firstToken) {
        Tensor labels = scope.allocate(DType.I32, 1, hidden.rows());
        backend.gradients().sampleLabels(logits(scope, List.of()), seed, firstToken, labels);
        return labels;
    }

    /** The cross entropy of labels, summed. */
    double loss(Tensor labels, List<Change> changes) {
        try (Scope scope = backend.memory().scope()) {
            Tensor logits = logits(scope, changes);
            return backend.elementwise()
                            .mean(compare(scope, logits, logits, labels).rows(0, 1))
                    * hidden.rows();
        }
    }

    /** KL(original ‖ changed), summed over the tokens. */
    double divergence(Tensor original, List<Change> changes) {
        try (Scope scope = backend.memory().scope()) {
            Tensor labels = scope.allocate(DType.I32, 1, hidden.rows());
            Tensor figures = compare(scope, original, logits(scope, changes), labels);
            return backend.elementwise().mean(figures.rows(2, 3)) * hidden.rows();
        }
    }

    private Tensor compare(Scope scope, Tensor p, Tensor q, Tensor labels) {
        Tensor figures = scope.allocate(DType.F64, 3, hidden.rows());
        Tensor top1 = scope.allocate(DType.U8, 1, hidden.rows());
        backend.transformer()
                .divergence(p, q, labels, figures.rows(0, 1), figures.rows(1, 2), figures.rows(2, 3), top1);
        return figures;
    }

    /** The gradient by what enters the first block. */
    public Tensor back(Scope scope, long seed, long firstToken, Recorder recorder) {
        List<Tensor> streams = streams(scope, List.of());
        Tensor gradient = scope.allocate(backend.workingType(), hidden.rows(), hidden.cols());
        try (HeadGradient head = new HeadGradient(backend, architecture, source, seed, Cancellation.NEVER)) {
            head.apply(streams.getLast(), firstToken, gradient);
        }
        try (Backward backward = new Backward(backend, seqLen, Cancellation.NEVER)) {
            for (int block = architecture.blocks().size() - 1; block >= 0; block--) {
                int at = block;
                try (BlockWeights weights =
                        new BlockWeights(backend, source, architecture.blocks().get(block))) {
                    backward.run(
                            weights,
                            streams.get(block),
                            gradient,
                            gradient,
                            (linear, x, g) -> recorder.record(at, linear, x, g));
                }
            }
        }
        return gradient;
    }
}
