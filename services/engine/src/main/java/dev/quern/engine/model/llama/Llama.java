package dev.quern.engine.model.llama;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.family.DenseDecoder;
import dev.quern.engine.model.family.Family;
import java.util.Set;

/** Llama 1 to 3, and all else that ships as {@code llama}: biases by {@code attention_bias} and {@code mlp_bias}. */
public final class Llama implements Family {
    @Override
    public Architecture read(ModelConfig config) {
        boolean attentionBias = config.flag("attention_bias", false);
        boolean mlpBias = config.flag("mlp_bias", false);
        int headDim = DenseDecoder.hiddenOverHeads(config);
        return new DenseDecoder(headDim, attentionBias, attentionBias, mlpBias, false).read("llama", config);
    }

    @Override
    public Set<String> keys() {
        return DenseDecoder.keysAnd("attention_bias", "mlp_bias");
    }
}
