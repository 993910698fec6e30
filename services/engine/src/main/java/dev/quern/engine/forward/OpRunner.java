package dev.quern.engine.forward;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Op;

/**
 * Runs single steps of a program on a backend.
 *
 * @param seqLen tokens of a window
 */
record OpRunner(ComputeBackend backend, int seqLen, Precision precision) {
    OpRunner(ComputeBackend backend, int seqLen) {
        this(backend, seqLen, backend.precision(Precision.Use.FORWARD));
    }

    void run(Op op, Values values, BlockWeights weights, RopeTables rope) {
        switch (op) {
            case Op.RmsNorm norm ->
                norm(norm.input(), weights.vector(norm.weight()), norm.eps(), norm.output(), values);
            case Op.HeadNorm norm ->
                norm(norm.input(), weights.vector(norm.weight()), norm.eps(), norm.output(), values);
            case Op.Linear linear -> linear(linear, values, weights);
            case Op.Rope turn -> rope(turn, values, rope);
            case Op.Attention attention -> attention(attention, values);
            case Op.FakeQuantize rounding -> {
                Tensor x = values.value(rounding.input());
                backend.transformer()
                        .fakeQuantize(x, rounding.grid(), values.over(rounding.output(), rounding.input()));
            }
            case Op.Turn turn -> turn(turn, values);
            case Op.Gate gate -> {
                Tensor gated = values.value(gate.gate());
                Tensor up = values.value(gate.up());
                backend.transformer().siluGate(gated, up, values.over(gate.output(), gate.gate()));
            }
            case Op.Add add -> {
                Tensor a = values.value(add.a());
                Tensor b = values.value(add.b());
                backend.elementwise().add(a, b, values.over(add.output(), add.a(), add.b()));
            }
        }
    }

    private void norm(String input, Tensor weight, double eps, String output, Values values) {
        Tensor x = values.value(input);
        backend.transformer().rmsNorm(x, weight, eps, values.over(output, input));
    }

    private void linear(Op.Linear linear, Values values, BlockWeights weights) {
        LinearSpec spec = linear.spec();
        Tensor y = values.define(linear.output(), spec.rows());
        Tensor x = values.value(spec.input());
        backend.linearAlgebra().gemm(precision, 1, x, false, weights.matrix(spec), true, 0, y);
        if (linear.bias()) {
            backend.elementwise().addRow(weights.vector(spec.bias()), y);
        }
    }

    private void turn(Op.Turn turn, Values values) {
        Tensor y = copied(turn.input(), turn.output(), values);
        try (HadamardTables matrix = HadamardTables.of(backend, turn.matrix())) {
            matrix.turn(y);
        }
    }

    /** A new value with the elements of another, in its memory where that is free. */
    @SuppressWarnings("ReferenceEquality") // the same object is the same memory
    private Tensor copied(String input, String output, Values values) {
        Tensor x = values.value(input);
        Tensor y = values.over(output, input);
        if (y != x) {
            backend.memory().copy(x, y);
        }
        return y;
    }

    private void rope(Op.Rope turn, Values values, RopeTables tables) {
        Tensor y = copied(turn.input(), turn.output(), values);
        backend.transformer().rope(y, seqLen, turn.headDim(), tables.cos(), tables.sin());
    }

    private void attention(Op.Attention attention, Values values) {
        Tensor q = values.value(attention.q());
        Tensor k = values.value(attention.k());
        Tensor v = values.value(attention.v());
        Tensor mixed = values.define(attention.output(), q.cols());
        backend.transformer()
                .attention(q, k, v, seqLen, attention.heads(), attention.kvHeads(), attention.scale(), mixed);
    }
}
