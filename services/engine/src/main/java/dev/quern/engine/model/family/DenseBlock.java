package dev.quern.engine.model.family;

import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Op;
import java.util.ArrayList;
import java.util.List;

/**
 * The block that Llama, Qwen2 and Qwen3 share: {@code h += o(attention(norm(h))); h += down(silu(gate(norm(h))) *
 * up(norm(h)))}.
 *
 * @param hidden width of the residual stream
 * @param intermediate width of the feed-forward part
 * @param heads query heads; they share kvHeads key and value heads
 * @param inputBias q, k and v have a bias
 * @param outputBias o has a bias
 * @param mlpBias gate, up and down have a bias
 * @param headNorms q and k are normed per head before rotation
 */
public record DenseBlock(
        int hidden,
        int intermediate,
        int heads,
        int kvHeads,
        int headDim,
        double eps,
        boolean inputBias,
        boolean outputBias,
        boolean mlpBias,
        boolean headNorms) {

    public BlockProgram program() {
        List<Op> ops = new ArrayList<>();
        ops.add(new Op.RmsNorm(BlockProgram.INPUT, "input_layernorm.weight", hidden, eps, "attention_input"));
        attention(ops);
        ops.add(new Op.Add(BlockProgram.INPUT, "attention_output", "middle"));
        ops.add(new Op.RmsNorm("middle", "post_attention_layernorm.weight", hidden, eps, "mlp_input"));
        ops.add(linear("mlp.gate_proj", "mlp_input", intermediate, hidden, mlpBias, "gate"));
        ops.add(linear("mlp.up_proj", "mlp_input", intermediate, hidden, mlpBias, "up"));
        ops.add(new Op.Gate("gate", "up", "gated"));
        ops.add(linear("mlp.down_proj", "gated", hidden, intermediate, mlpBias, "mlp_output"));
        ops.add(new Op.Add("middle", "mlp_output", BlockProgram.OUTPUT));
        return new BlockProgram(ops);
    }

    private void attention(List<Op> ops) {
        int width = Math.multiplyExact(heads, headDim);
        int kvWidth = Math.multiplyExact(kvHeads, headDim);
        ops.add(linear("self_attn.q_proj", "attention_input", width, hidden, inputBias, "q"));
        ops.add(linear("self_attn.k_proj", "attention_input", kvWidth, hidden, inputBias, "k"));
        ops.add(linear("self_attn.v_proj", "attention_input", kvWidth, hidden, inputBias, "v"));
        if (headNorms) {
            ops.add(new Op.HeadNorm("q", "self_attn.q_norm.weight", headDim, eps, "q_normed"));
            ops.add(new Op.HeadNorm("k", "self_attn.k_norm.weight", headDim, eps, "k_normed"));
        }
        ops.add(new Op.Rope(headNorms ? "q_normed" : "q", headDim, "q_rotated"));
        ops.add(new Op.Rope(headNorms ? "k_normed" : "k", headDim, "k_rotated"));
        double scale = 1 / Math.sqrt(headDim);
        ops.add(new Op.Attention("q_rotated", "k_rotated", "v", heads, kvHeads, scale, "mixed"));
        ops.add(linear("self_attn.o_proj", "mixed", hidden, width, outputBias, "attention_output"));
    }

    private static Op linear(String name, String input, int rows, int cols, boolean bias, String output) {
        return new Op.Linear(new LinearSpec(name, rows, cols, input), bias, true, output);
    }
}
