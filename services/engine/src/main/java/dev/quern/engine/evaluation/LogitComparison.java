package dev.quern.engine.evaluation;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.OutputHead;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.text.TokenWindows;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Compares the logits of the original with those of each compressed model, as many tokens at once as the logits of two
 * models fit: memory does not grow with their number.
 */
final class LogitComparison implements AutoCloseable {
    private static final int NOTHING_FOLLOWS = -1;

    private final ComputeBackend backend;
    private final Heads heads;
    private final int[] labels;
    private final Scope scope;
    private final Tensor originalLogits;
    private final Tensor compressedLogits;
    private final List<FiguresBuilder> figures;

    LogitComparison(ComputeBackend backend, Architecture architecture, Heads heads, TokenWindows windows) {
        this.backend = backend;
        this.heads = heads;
        this.labels = labels(windows);
        this.figures = IntStream.range(0, heads.count())
                .mapToObj(model -> new FiguresBuilder(windows.count() * (windows.seqLen() - 1)))
                .toList();
        this.scope = backend.memory().scope();
        int rows = Math.min(OutputHead.tokensAtOnce(architecture), labels.length);
        this.originalLogits = scope.reserve(backend.workingType(), rows, architecture.vocabulary());
        this.compressedLogits = scope.reserve(backend.workingType(), rows, architecture.vocabulary());
    }

    /** The token that follows each token in its window. */
    private static int[] labels(TokenWindows windows) {
        int[] tokens = windows.tokens(0, windows.count());
        int[] labels = new int[tokens.length];
        for (int t = 0; t < tokens.length; t++) {
            boolean last = (t + 1) % windows.seqLen() == 0;
            labels[t] = last ? NOTHING_FOLLOWS : tokens[t + 1];
        }
        return labels;
    }

    /** Compares the tokens of one chunk. */
    void compare(int chunk, Lane original, List<Lane> compressed) {
        int from = chunk * originalLogits.rows();
        int to = Math.min(from + originalLogits.rows(), labels.length);
        Tensor logits = originalLogits.rows(0, to - from);
        Tensor other = compressedLogits.rows(0, to - from);
        for (int i = 0; i < compressed.size(); i++) {
            try (Scope scope = backend.memory().scope()) {
                Tensor states = compressed.get(i).tokens(scope, from, to);
                boolean together = i == 0 && heads.compressed(0) == heads.original();
                if (together) {
                    // A slice of the head is cast once for both.
                    heads.original().apply(List.of(original.tokens(scope, from, to), states), List.of(logits, other));
                } else {
                    if (i == 0) {
                        heads.original().apply(List.of(original.tokens(scope, from, to)), List.of(logits));
                    }
                    heads.compressed(i).apply(List.of(states), List.of(other));
                }
                diverge(scope, logits, other, from, figures.get(i));
            }
        }
    }

    private void diverge(Scope chunkScope, Tensor original, Tensor compressed, int from, FiguresBuilder builder) {
        int count = original.rows();
        try (Arena arena = Arena.ofShared()) {
            MemorySegment host = arena.allocate(JAVA_INT, count);
            MemorySegment.copy(labels, from, host, JAVA_INT, 0, count);
            Tensor following = backend.memory().upload(chunkScope, host, DType.I32, 1, count);
            Tensor nllOriginal = chunkScope.allocate(DType.F32, 1, count);
            Tensor nllCompressed = chunkScope.allocate(DType.F32, 1, count);
            Tensor kl = chunkScope.allocate(DType.F32, 1, count);
            Tensor top1 = chunkScope.allocate(DType.U8, 1, count);
            backend.transformer().divergence(original, compressed, following, nllOriginal, nllCompressed, kl, top1);
            append(
                    builder,
                    from,
                    floats(nllOriginal, arena),
                    floats(nllCompressed, arena),
                    floats(kl, arena),
                    bytes(top1, arena));
        }
    }

    private void append(
            FiguresBuilder builder, int from, float[] nllOriginal, float[] nllCompressed, float[] kl, byte[] top1) {
        for (int t = 0; t < kl.length; t++) {
            if (labels[from + t] != NOTHING_FOLLOWS) {
                builder.add(nllOriginal[t], nllCompressed[t], kl[t], top1[t]);
            }
        }
    }

    private float[] floats(Tensor tensor, Arena arena) {
        MemorySegment host = arena.allocate(JAVA_FLOAT, tensor.cols());
        backend.memory().download(tensor, host);
        return host.toArray(JAVA_FLOAT);
    }

    private byte[] bytes(Tensor tensor, Arena arena) {
        MemorySegment host = arena.allocate(JAVA_BYTE, tensor.cols());
        backend.memory().download(tensor, host);
        return host.toArray(JAVA_BYTE);
    }

    /** @param lanes of the compressed models, with their errors */
    List<TokenFigures> figures(Lanes lanes) {
        return IntStream.range(0, figures.size())
                .mapToObj(model -> figures.get(model)
                        .build(lanes.linears().get(model), lanes.errors().get(model)))
                .toList();
    }

    @Override
    public void close() {
        scope.close();
    }
}
