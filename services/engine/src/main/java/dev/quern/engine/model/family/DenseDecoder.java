package dev.quern.engine.model.family;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.EmbeddingSpec;
import dev.quern.engine.model.HeadSpec;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonString;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads what the configs of Llama, Qwen2 and Qwen3 have in common. A family states where it differs.
 *
 * @param headDim elements of a head where config.json does not say
 * @param inputBias q, k and v have a bias
 * @param outputBias o has a bias
 * @param mlpBias gate, up and down have a bias
 * @param headNorms q and k are normed per head
 */
public record DenseDecoder(int headDim, boolean inputBias, boolean outputBias, boolean mlpBias, boolean headNorms) {
    /** Far beyond any model: the frequencies of a head are computed before shapes are compared with files. */
    private static final int MAX_HEAD_DIM = 1 << 16;

    /** What {@link #read} reads. */
    public static final Set<String> KEYS = Set.of(
            "head_dim",
            "hidden_act",
            "hidden_size",
            "intermediate_size",
            "layer_types",
            "max_position_embeddings",
            "num_attention_heads",
            "num_hidden_layers",
            "num_key_value_heads",
            "partial_rotary_factor",
            "rms_norm_eps",
            "rope_parameters",
            "rope_scaling",
            "rope_theta",
            "sliding_window",
            "tie_word_embeddings",
            "use_sliding_window",
            "vocab_size");

    /** Two names of one function. */
    private static final Set<String> SILU = Set.of("silu", "swish");

    private static final JsonString FULL_ATTENTION = new JsonString("full_attention");

    /** {@link #KEYS} and others that a family reads itself. */
    public static Set<String> keysAnd(String... others) {
        Set<String> keys = new HashSet<>(KEYS);
        Collections.addAll(keys, others);
        return keys;
    }

    /** Elements of a head for families that divide the hidden size by the heads. */
    public static int hiddenOverHeads(ModelConfig config) {
        return Options.size(config, "hidden_size") / Options.size(config, "num_attention_heads");
    }

    public Architecture read(String modelType, ModelConfig config) {
        requireImplemented(config);
        int hidden = Options.size(config, "hidden_size");
        double eps = Options.number(config, "rms_norm_eps", 1e-6);
        DenseBlock block = block(config, hidden, eps);
        int vocabulary = Options.size(config, "vocab_size");
        return new Architecture(
                modelType,
                Options.size(config, "max_position_embeddings"),
                new EmbeddingSpec("model.embed_tokens.weight", vocabulary, hidden),
                blocks(config, block),
                new HeadSpec("model.norm.weight", eps, "lm_head.weight", config.flag("tie_word_embeddings", false)));
    }

    private static List<Block> blocks(ModelConfig config, DenseBlock block) {
        int count = Options.size(config, "num_hidden_layers");
        return Block.alike(count, "model.layers.", block.program(), RopeScaling.read(config, block.headDim()));
    }

    private DenseBlock block(ModelConfig config, int hidden, double eps) {
        int heads = Options.size(config, "num_attention_heads");
        int kvHeads = Options.size(config, "num_key_value_heads", heads);
        if (heads % kvHeads != 0) {
            throw Options.invalid(config, "num_key_value_heads", "a divisor of num_attention_heads = " + heads);
        }
        int width = Options.size(config, "head_dim", headDim);
        if (width % 2 != 0) {
            throw Options.invalid(config, "head_dim", "an even number, here " + width);
        }
        if (width > MAX_HEAD_DIM) {
            throw Options.invalid(config, "head_dim", "at most " + MAX_HEAD_DIM + ", here " + width);
        }
        if ((long) heads * width > Integer.MAX_VALUE) {
            throw Options.invalid(config, "num_attention_heads", "heads of " + width + " that a matrix can hold");
        }
        int intermediate = Options.size(config, "intermediate_size");
        return new DenseBlock(
                hidden, intermediate, heads, kvHeads, width, eps, inputBias, outputBias, mlpBias, headNorms);
    }

    private static void requireImplemented(ModelConfig config) {
        if (!SILU.contains(Options.text(config, "hidden_act", "silu"))) {
            throw Options.unsupported(config, "hidden_act", "silu");
        }
        // A width of null is the whole text; a missing one is what the family was made with.
        if (config.flag("use_sliding_window", false) && !(config.raw().get("sliding_window") instanceof JsonNull)) {
            throw Options.unsupported(config, "use_sliding_window", "false");
        }
        if (config.raw().get("layer_types") instanceof JsonArray types
                && !types.values().stream().allMatch(FULL_ATTENTION::equals)) {
            throw Options.unsupported(config, "layer_types", "full_attention");
        }
    }
}
