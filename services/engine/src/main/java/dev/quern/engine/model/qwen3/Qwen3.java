package dev.quern.engine.model.qwen3;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.family.DenseDecoder;
import dev.quern.engine.model.family.Family;
import java.util.Set;

/** Qwen3: q and k are normed per head before rotation. */
public final class Qwen3 implements Family {
    /** What transformers assumes where config.json has no head_dim. */
    private static final int HEAD_DIM = 128;

    @Override
    public Architecture read(ModelConfig config) {
        boolean bias = config.flag("attention_bias", false);
        return new DenseDecoder(HEAD_DIM, bias, bias, false, true).read("qwen3", config);
    }

    @Override
    public Set<String> keys() {
        return DenseDecoder.keysAnd("attention_bias");
    }
}
