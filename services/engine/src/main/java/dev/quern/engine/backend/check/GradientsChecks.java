package dev.quern.engine.backend.check;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.Tensor;

/** The arguments of {@link Gradients}. */
public final class GradientsChecks {
    private GradientsChecks() {}

    /** @throws IllegalArgumentException unless all but weight have one shape, of whole runs of weight's columns */
    public static void rmsNormVjp(Tensor x, Tensor weight, Tensor gradient, Tensor target) {
        Shapes.same("gradient", gradient, x);
        TransformerChecks.rmsNorm(x, weight, target);
    }

    /** @throws IllegalArgumentException for tensors that do not go together */
    public static AttentionShape attentionVjp(
            Gradients.Attention attention, Tensor gradient, Tensor dq, Tensor dk, Tensor dv) {
        Tensor q = attention.q();
        Tensor k = attention.k();
        AttentionShape shape =
                AttentionShape.of(q, k, attention.v(), attention.seqLen(), attention.heads(), attention.kvHeads(), dq);
        Shapes.same("gradient", gradient, q);
        Shapes.same("dk", dk, k);
        Shapes.same("dv", dv, k);
        return shape;
    }

    /** @throws IllegalArgumentException unless all have one shape */
    public static void siluGateVjp(Tensor gate, Tensor up, Tensor gradient, Tensor dGate, Tensor dUp) {
        Shapes.same("up", up, gate);
        Shapes.same("gradient", gradient, gate);
        Shapes.same("dGate", dGate, gate);
        Shapes.same("dUp", dUp, gate);
    }

    /** @throws IllegalArgumentException unless there are logits, and labels is I32 [1, tokens] */
    public static void sampleLabels(Tensor logits, long firstToken, Tensor labels) {
        Shapes.check("firstToken", firstToken, firstToken >= 0, ">= 0");
        labels(logits, labels);
    }

    /** @throws IllegalArgumentException unless labels is I32 [1, tokens] and target shaped as logits */
    public static void logitGradient(Tensor logits, Tensor labels, Tensor target) {
        labels(logits, labels);
        Shapes.same("target", target, logits);
    }

    private static void labels(Tensor logits, Tensor labels) {
        Shapes.check("vocabulary", logits.cols(), logits.cols() > 0, "> 0");
        Shapes.shape("labels", labels, 1, logits.rows());
        Shapes.dtype("labels", labels, DType.I32);
    }

    /** @throws IllegalArgumentException unless the label is a token of the vocabulary */
    public static void label(int label, int vocabulary) {
        Shapes.check("label", label, label >= 0 && label < vocabulary, "0 to " + (vocabulary - 1));
    }
}
