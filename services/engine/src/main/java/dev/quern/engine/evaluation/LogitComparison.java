package dev.quern.engine.evaluation;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.OutputHead;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Compares the logits of two streams of hidden states, as many tokens at once as their logits fit. */
final class LogitComparison implements AutoCloseable {
    private static final int NOTHING_FOLLOWS = -1;

    private final ComputeBackend backend;
    private final OutputHead head;
    private final int[] labels;
    private final Scope scope;
    private final Tensor originalLogits;
    private final Tensor compressedLogits;
    private final FiguresBuilder figures;

    LogitComparison(ComputeBackend backend, Architecture architecture, OutputHead head, TokenWindows windows) {
        this.backend = backend;
        this.head = head;
        this.labels = labels(windows);
        this.figures = new FiguresBuilder(windows.count() * (windows.seqLen() - 1));
        this.scope = backend.memory().scope();
        int rows = Math.min(OutputHead.tokensAtOnce(architecture), labels.length);
        this.originalLogits = scope.allocate(backend.workingType(), rows, architecture.vocabulary());
        this.compressedLogits = scope.allocate(backend.workingType(), rows, architecture.vocabulary());
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
    void compare(int chunk, Lane original, Lane compressed) {
        int from = chunk * originalLogits.rows();
        int to = Math.min(from + originalLogits.rows(), labels.length);
        Tensor logits = originalLogits.rows(0, to - from);
        Tensor other = compressedLogits.rows(0, to - from);
        try (Scope chunkScope = backend.memory().scope()) {
            head.apply(
                    List.of(original.tokens(chunkScope, from, to), compressed.tokens(chunkScope, from, to)),
                    List.of(logits, other));
            diverge(chunkScope, logits, other, from, to);
        }
    }

    private void diverge(Scope chunkScope, Tensor original, Tensor compressed, int from, int to) {
        int count = to - from;
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
                    from,
                    floats(nllOriginal, arena),
                    floats(nllCompressed, arena),
                    floats(kl, arena),
                    bytes(top1, arena));
        }
    }

    private void append(int from, float[] nllOriginal, float[] nllCompressed, float[] kl, byte[] top1) {
        for (int t = 0; t < kl.length; t++) {
            if (labels[from + t] != NOTHING_FOLLOWS) {
                figures.add(nllOriginal[t], nllCompressed[t], kl[t], top1[t]);
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

    TokenFigures figures() {
        return figures.build();
    }

    @Override
    public void close() {
        scope.close();
    }
}
