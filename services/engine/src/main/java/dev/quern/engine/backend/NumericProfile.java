package dev.quern.engine.backend;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.recipes.digest.Digests;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;

/**
 * SHA-256 over the bits of fixed probes, for {@link ComputeBackend#numericProfile}. The products are larger than a tile
 * of ours and any block of a BLAS, and no size is a multiple of a vector, so that every path through the kernels leaves
 * its mark.
 */
public final class NumericProfile {
    private static final int TOKENS = 600;
    private static final int HIDDEN = 1092;
    private static final int HEAD = 84;
    private static final int SUPPORT = 300;

    private final ComputeBackend backend;
    private final Scope scope;
    private final MessageDigest digest;
    // Random is specified to the bit, so the probes are the same everywhere.
    private final Random random = new Random(20_25);

    private NumericProfile(ComputeBackend backend, Scope scope, MessageDigest digest) {
        this.backend = backend;
        this.scope = scope;
        this.digest = digest;
    }

    /**
     * @param name backend and version, part of the hash: another version is another profile even where its probes agree
     */
    public static String of(ComputeBackend backend, String name) {
        try (Scope scope = backend.memory().scope()) {
            MessageDigest digest = Digests.sha256();
            digest.update(name.getBytes(StandardCharsets.UTF_8));
            new NumericProfile(backend, scope, digest).probe();
            return Digests.hex(digest.digest());
        }
    }

    private void probe() {
        Tensor x = random(TOKENS, HIDDEN);
        products(x);
        factor(x);
        rounding();
        block(x);
        backwards(x);
        divergence();
        conversions(x);
    }

    private void products(Tensor x) {
        Tensor weights = random(HIDDEN, HIDDEN);
        Stream.of(Precision.Use.values())
                .map(backend::precision)
                .distinct()
                .forEach(each -> products(each, x, weights));
    }

    private void products(Precision precision, Tensor x, Tensor weights) {
        Tensor result = scope.allocate(backend.workingType(), TOKENS, HIDDEN);
        backend.linearAlgebra().gemm(precision, 1, x, false, weights, true, 0, result);
        add(result);
        backend.linearAlgebra().gemm(precision, 0.5, x, false, weights, false, -1, result);
        add(result);
        Tensor dot = scope.allocate(DType.F64, 1, 1);
        backend.elementwise().addDot(x, result, dot);
        add(backend.memory().value(dot));
        add(backend.elementwise().mean(result));
    }

    private void factor(Tensor x) {
        Tensor h = scope.allocate(DType.F64, HIDDEN, HIDDEN);
        backend.linearAlgebra().addGram(x, h);
        add(h);
        backend.elementwise().addDiagonal(1, h);
        add(backend.linearAlgebra().factorUpper(h) ? 1 : 0);
        add(h);
        support(
                x.cols(HIDDEN - SUPPORT, HIDDEN),
                h.rows(HIDDEN - SUPPORT, HIDDEN).cols(HIDDEN - SUPPORT, HIDDEN));
    }

    /** The last rows and columns of a factor are a factor too. */
    private void support(Tensor x, Tensor v) {
        DType type = backend.workingType();
        Tensor unit = scope.allocate(type, SUPPORT, SUPPORT);
        Tensor pivots = scope.allocate(DType.F64, 1, SUPPORT);
        Tensor inverse = scope.allocate(type, SUPPORT, SUPPORT);
        backend.rounding().splitFactor(v, unit, pivots);
        backend.linearAlgebra().invertFactored(unit, pivots, inverse);
        add(inverse);
        Tensor mask = scope.allocate(DType.U8, TOKENS, SUPPORT);
        backend.rounding().keepLargest(x, pivots, SUPPORT / 2, SUPPORT, mask);
        Tensor kept = scope.allocate(type, TOKENS, SUPPORT);
        backend.memory().copy(x, kept);
        backend.elementwise().keep(mask, kept);
        add(kept);
        Tensor residual = scope.allocate(type, TOKENS, SUPPORT);
        Tensor direction = scope.allocate(type, TOKENS, SUPPORT);
        backend.memory().copy(x, residual);
        Tensor energies = scope.allocate(DType.F64, TOKENS, 1);
        double[] ones = new double[SUPPORT];
        Arrays.fill(ones, 1);
        Tensor diagonal = backend.memory().upload(scope, MemorySegment.ofArray(ones), DType.F64, 1, SUPPORT);
        Rounding.Descent descent = new Rounding.Descent(mask, residual, direction, energies);
        // A step of exactly 1 wherever energy and curvature are summed alike.
        backend.rounding().turn(descent, diagonal);
        backend.rounding().descend(descent, x, scope.allocate(DType.F64, 1, 1));
        add(residual);
    }

    private void rounding() {
        int rows = 131;
        int cols = 96;
        Tensor w = random(rows, cols);
        Rounding.GridOptions grid = new Rounding.GridOptions(3, cols, false, true, DType.BF16);
        Tensor scales = scope.allocate(backend.workingType(), rows, 1);
        Tensor zeros = scope.allocate(DType.U8, rows, 1);
        backend.rounding().fitGrid(w, grid, scales, zeros);
        add(scales);

        Rounding.Outer inner = split(w);
        Tensor groups = scope.allocate(DType.I32, 1, cols);
        Tensor codes = scope.allocate(DType.U8, rows, cols);
        Tensor errors = scope.allocate(backend.workingType(), rows, cols);
        Tensor loss = scope.allocate(DType.F64, 1, 1);
        Rounding.Grid fitted = new Rounding.Grid(grid, scales, zeros);
        Rounding.Panel panel = new Rounding.Panel(w, w, inner.unit(), inner.pivots(), groups);
        backend.rounding().gptqPanel(panel, fitted, codes, errors, loss);
        add(backend.memory().value(loss));
        add(errors);

        Tensor moved = scope.allocate(backend.workingType(), rows, cols);
        backend.memory().copy(w, moved);
        panel = new Rounding.Panel(moved, w, inner.unit(), inner.pivots(), groups);
        backend.rounding().twoSidedPanel(panel, split(random(2 * rows, rows)), fitted, null, codes, errors, loss);
        add(backend.memory().value(loss));
        add(errors);
    }

    /** The factor of xᵀ x. */
    private Rounding.Outer split(Tensor x) {
        Tensor h = scope.allocate(DType.F64, x.cols(), x.cols());
        backend.linearAlgebra().addGram(x, h);
        Tensor unit = scope.allocate(backend.workingType(), x.cols(), x.cols());
        Tensor pivots = scope.allocate(DType.F64, 1, x.cols());
        add(backend.linearAlgebra().factorUpper(h) ? 1 : 0);
        backend.rounding().splitFactor(h, unit, pivots);
        return new Rounding.Outer(unit, pivots);
    }

    private void block(Tensor x) {
        DType type = backend.workingType();
        Transformer transformer = backend.transformer();
        Tensor normal = scope.allocate(type, TOKENS, HIDDEN);
        transformer.rmsNorm(x, random(1, HIDDEN), 1e-5, normal);
        add(normal);
        Tensor q = normal.cols(0, 4 * HEAD);
        Tensor k = normal.cols(4 * HEAD, 6 * HEAD);
        transformer.rope(q, TOKENS / 2, HEAD, random(TOKENS, HEAD / 2), random(TOKENS, HEAD / 2));
        add(normal);
        Tensor attended = scope.allocate(type, TOKENS, 4 * HEAD);
        Tensor v = normal.cols(6 * HEAD, 8 * HEAD);
        transformer.attention(q, k, v, TOKENS / 2, 4, 2, 0.25, attended);
        add(attended);
        transformer.siluGate(x, normal, normal);
        add(normal);
    }

    private void backwards(Tensor x) {
        DType type = backend.workingType();
        Gradients gradients = backend.gradients();
        Tensor back = scope.allocate(type, TOKENS, HIDDEN);
        gradients.rmsNormVjp(x, random(1, HIDDEN), 1e-5, x, back);
        add(back);
        Gradients.Attention attention = new Gradients.Attention(
                x.cols(0, 4 * HEAD), x.cols(4 * HEAD, 6 * HEAD), x.cols(6 * HEAD, 8 * HEAD), TOKENS / 2, 4, 2, 0.25);
        gradients.attentionVjp(
                attention,
                x.cols(8 * HEAD, 12 * HEAD),
                back.cols(0, 4 * HEAD),
                back.cols(4 * HEAD, 6 * HEAD),
                back.cols(6 * HEAD, 8 * HEAD));
        add(back);
        Tensor up = scope.allocate(type, TOKENS, HIDDEN);
        gradients.siluGateVjp(x, x, x, back, up);
        add(back);
        add(up);
        Tensor labels = scope.allocate(DType.I32, 1, TOKENS);
        gradients.sampleLabels(x, 1, 0, labels);
        add(labels);
        gradients.logitGradient(x, labels, back);
        add(back);
        Tensor h = scope.allocate(DType.F64, HIDDEN, HIDDEN);
        backend.linearAlgebra().addSymmetric(x, x, h);
        add(h);
    }

    private void divergence() {
        int tokens = 5;
        Tensor logits = random(2 * tokens, 7001);
        backend.elementwise().scale(10, logits);
        Tensor labels = scope.allocate(DType.I32, 1, tokens);
        Tensor figures = scope.allocate(DType.F32, 3, tokens);
        Tensor top1 = scope.allocate(DType.U8, 1, tokens);
        backend.transformer()
                .divergence(
                        logits.rows(0, tokens),
                        logits.rows(tokens, 2 * tokens),
                        labels,
                        figures.rows(0, 1),
                        figures.rows(1, 2),
                        figures.rows(2, 3),
                        top1);
        add(figures);
        add(top1);
    }

    private void conversions(Tensor x) {
        for (DType type : new DType[] {DType.BF16, DType.F16}) {
            Tensor target = scope.allocate(type, x.rows(), x.cols());
            backend.memory().copy(x, target);
            add(target);
        }
    }

    /** Uniform in [-1, 1), exact in float32. */
    private Tensor random(int rows, int cols) {
        Tensor target = scope.allocate(backend.workingType(), rows, cols);
        try (Arena arena = Arena.ofShared();
                Scope uploads = backend.memory().scope()) {
            MemorySegment values = arena.allocate((long) rows * cols * Float.BYTES);
            for (long i = 0; i < (long) rows * cols; i++) {
                values.set(JAVA_FLOAT_UNALIGNED, i * Float.BYTES, random.nextFloat() * 2 - 1);
            }
            backend.memory().copy(backend.memory().upload(uploads, values, DType.F32, rows, cols), target);
        }
        return target;
    }

    private void add(double value) {
        digest.update(Double.toHexString(value).getBytes(StandardCharsets.UTF_8));
    }

    private void add(Tensor tensor) {
        try (Arena arena = Arena.ofShared()) {
            long bytes = (long) tensor.rows() * tensor.cols() * tensor.dtype().bytes();
            MemorySegment host = arena.allocate(bytes);
            backend.memory().download(tensor, host);
            digest.update(host.asByteBuffer());
        }
    }
}
