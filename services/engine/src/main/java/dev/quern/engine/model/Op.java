package dev.quern.engine.model;

import dev.quern.engine.backend.Transformer.TokenGrid;
import dev.quern.engine.backend.host.HadamardSpec;
import java.util.List;

/**
 * A step of a block: reads values, defines one. Weights are named inside the block, as in {@code self_attn.q_proj};
 * values are matrices [tokens, width].
 */
public sealed interface Op {
    /** The values that it reads. */
    List<String> inputs();

    /** The value that it defines. */
    String output();

    /** The tensors of the checkpoint that it reads, named inside the block; none unless a step says so. */
    default List<TensorSpec> weights() {
        return List.of();
    }

    /** The linears that it runs and that may be compressed; none unless a step says so. */
    default List<LinearSpec> linears() {
        return List.of();
    }

    /**
     * Columns of the value that it defines.
     *
     * @param widths of the values that it reads, in their order
     */
    int width(List<Integer> widths);

    /** Root mean square norm of whole rows. */
    record RmsNorm(String input, String weight, int width, double eps, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }

        @Override
        public List<TensorSpec> weights() {
            return List.of(TensorSpec.vector(weight, width));
        }
    }

    /** Root mean square norm of each head, all with the same weight (qwen3's norms of q and k). */
    record HeadNorm(String input, String weight, int headDim, double eps, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }

        @Override
        public List<TensorSpec> weights() {
            return List.of(TensorSpec.vector(weight, headDim));
        }
    }

    /**
     * {@code output = input * weightᵀ (+ bias)}.
     *
     * @param compressible false for one that never is: a router decides by differences that rounding would drown
     */
    record Linear(LinearSpec spec, boolean bias, boolean compressible, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return spec.rows();
        }

        @Override
        public List<String> inputs() {
            return List.of(spec.input());
        }

        @Override
        public List<LinearSpec> linears() {
            return compressible ? List.of(spec) : List.of();
        }

        @Override
        public List<TensorSpec> weights() {
            TensorSpec weight = TensorSpec.matrix(spec.weight(), spec.rows(), spec.cols());
            return bias ? List.of(weight, TensorSpec.vector(spec.bias(), spec.rows())) : List.of(weight);
        }
    }

    /** Rotates every head by the token's position in its window. */
    record Rope(String input, int headDim, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }
    }

    /**
     * Causal attention of {@code heads} query heads over {@code kvHeads} key and value heads, {@code softmax(scale * q
     * kᵀ) v}.
     */
    record Attention(String q, String k, String v, int heads, int kvHeads, double scale, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(q, k, v);
        }
    }

    /** Puts every run of columns of a token on a grid of its own, as an engine does that runs the compressed model. */
    record FakeQuantize(String input, TokenGrid grid, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }
    }

    /** Multiplies every segment by a Hadamard matrix while the model runs. */
    record Turn(String input, HadamardSpec matrix, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(input);
        }
    }

    /** {@code output = silu(gate) * up}. */
    record Gate(String gate, String up, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(gate, up);
        }
    }

    /** {@code output = a + b}: the residual. */
    record Add(String a, String b, String output) implements Op {
        @Override
        public int width(List<Integer> widths) {
            return widths.getFirst();
        }

        @Override
        public List<String> inputs() {
            return List.of(a, b);
        }
    }
}
