package dev.quern.engine.model;

import java.util.Set;

/** What keys of config.json mean to a model as it is run here. */
public final class ConfigKeys {
    /**
     * Keys that decide nothing about the values of a forward pass: metadata, training, generation, how others load and
     * store.
     */
    private static final Set<String> IRRELEVANT = Set.of(
            "_attn_implementation_autoset",
            "_commit_hash",
            "_name_or_path",
            "add_cross_attention",
            "architectures",
            "attention_dropout",
            "bos_token_id",
            "chunk_size_feed_forward",
            "cross_attention_hidden_size",
            "decoder_start_token_id",
            "do_sample",
            "dtype",
            "embd_pdrop",
            "eos_token_id",
            "finetuning_task",
            "gradient_checkpointing",
            "hidden_dropout",
            "id2label",
            "initializer_range",
            "is_decoder",
            "is_encoder_decoder",
            "label2id",
            "max_length",
            "max_window_layers",
            "output_attentions",
            "output_hidden_states",
            "pad_token_id",
            "prefix",
            "pretraining_tp",
            "problem_type",
            "pruned_heads",
            "resid_pdrop",
            "return_dict",
            "sep_token_id",
            "task_specific_params",
            "temperature",
            "tie_encoder_decoder",
            "tokenizer_class",
            "top_k",
            "top_p",
            "torch_dtype",
            "torchscript",
            "transformers.js_config",
            "transformers_version",
            "unsloth_fixed",
            "unsloth_version",
            "use_bfloat16",
            "use_cache");

    /** Read before any architecture is: null in every checkpoint that is accepted. */
    private static final Set<String> ALWAYS =
            Set.of("model_type", "auto_map", "compression_config", "quantization_config", "text_config");

    private ConfigKeys() {}

    /** What a key does. */
    public enum Use {
        USED,
        IRRELEVANT,
        UNKNOWN
    }

    /** @param used keys that the model's family reads */
    public static Use use(String key, Set<String> used) {
        if (used.contains(key) || ALWAYS.contains(key)) {
            return Use.USED;
        }
        return IRRELEVANT.contains(key) ? Use.IRRELEVANT : Use.UNKNOWN;
    }
}
