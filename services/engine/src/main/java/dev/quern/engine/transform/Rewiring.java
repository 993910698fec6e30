package dev.quern.engine.transform;

import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Op;

/** Steps that read other values than before. */
final class Rewiring {
    private Rewiring() {}

    static Op.Linear reading(Op.Linear linear, String input) {
        LinearSpec spec = linear.spec();
        return new Op.Linear(
                new LinearSpec(spec.name(), spec.rows(), spec.cols(), input),
                linear.bias(),
                linear.compressible(),
                linear.output());
    }

    static Op.Attention reading(Op.Attention attention, String q, String k, String v) {
        return new Op.Attention(q, k, v, attention.heads(), attention.kvHeads(), attention.scale(), attention.output());
    }
}
