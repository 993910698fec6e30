package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer;

/** The arguments of {@link Transformer}; those of attention are an {@link AttentionShape}. */
public final class TransformerChecks {
    private TransformerChecks() {}

    /** @throws IllegalArgumentException unless ids is I32 [1, tokens] and target [tokens, columns of the table] */
    public static void embedding(Tensor ids, Tensor table, Tensor target) {
        Shapes.shape("ids", ids, 1, ids.cols());
        Shapes.dtype("ids", ids, DType.I32);
        Shapes.shape("target", target, ids.cols(), table.cols());
    }

    /** @throws IllegalArgumentException unless the token is a row of the table */
    public static void token(int token, Tensor table) {
        Shapes.check("token", token, token >= 0 && token < table.rows(), "0 to " + (table.rows() - 1));
    }

    /** @throws IllegalArgumentException unless x and target have one shape, of whole runs of weight's columns */
    public static void rmsNorm(Tensor x, Tensor weight, Tensor target) {
        int width = weight.cols();
        Shapes.shape("weight", weight, 1, width);
        Shapes.same("target", target, x);
        Shapes.check("cols of x", x.cols(), width > 0 && x.cols() % width == 0, "a multiple of " + width);
    }

    /** @throws IllegalArgumentException unless cos and sin are [at least seqLen, headDim / 2] and x has whole heads */
    public static void rope(Tensor x, int seqLen, int headDim, Tensor cos, Tensor sin) {
        Shapes.check("headDim", headDim, headDim > 0 && headDim % 2 == 0, "even");
        Shapes.check("cols of x", x.cols(), x.cols() % headDim == 0, "a multiple of headDim " + headDim);
        Shapes.check("seqLen", seqLen, seqLen > 0 && seqLen <= cos.rows(), "1 to the positions of cos, " + cos.rows());
        Shapes.shape("cos", cos, cos.rows(), headDim / 2);
        Shapes.same("sin", sin, cos);
    }

    /** @throws IllegalArgumentException unless all three have one shape */
    public static void siluGate(Tensor gate, Tensor up, Tensor target) {
        Shapes.same("up", up, gate);
        Shapes.same("target", target, gate);
    }

    /** @throws IllegalArgumentException unless x and target have one shape, of whole runs of the grid's width */
    public static void fakeQuantize(Tensor x, Transformer.TokenGrid grid, Tensor target) {
        Shapes.same("target", target, x);
        int width = grid.width();
        Shapes.check("cols of x", x.cols(), width > 0 && x.cols() % width == 0, "a multiple of " + width);
        Shapes.check("bits", grid.bits(), grid.bits() >= 2 && grid.bits() <= 16, "2 to 16");
    }

    /**
     * @param figures nllOriginal, nllCompressed and kl
     * @throws IllegalArgumentException unless both sets of logits have one shape and everything else is [1, tokens]
     */
    public static void divergence(Tensor original, Tensor compressed, Tensor labels, Tensor top1, Tensor... figures) {
        Shapes.same("compressed", compressed, original);
        perToken("labels", labels, original);
        Shapes.dtype("labels", labels, DType.I32);
        for (Tensor figure : figures) {
            perToken("a figure per token", figure, original);
        }
        perToken("top1", top1, original);
        Shapes.dtype("top1", top1, DType.U8);
    }

    private static void perToken(String name, Tensor tensor, Tensor logits) {
        Shapes.shape(name, tensor, 1, logits.rows());
    }

    /** @throws IllegalArgumentException unless the label is a token of the vocabulary, or -1 for none */
    public static void label(int label, int vocabulary) {
        Shapes.check("label", label, label >= -1 && label < vocabulary, "-1 to " + (vocabulary - 1));
    }
}
