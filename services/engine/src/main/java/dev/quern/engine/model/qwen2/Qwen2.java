package dev.quern.engine.model.qwen2;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.family.DenseDecoder;
import dev.quern.engine.model.family.Family;
import java.util.Set;

/** Qwen2 and Qwen2.5: q, k and v always have a bias, nothing else has. */
public final class Qwen2 implements Family {
    @Override
    public Architecture read(ModelConfig config) {
        int headDim = DenseDecoder.hiddenOverHeads(config);
        return new DenseDecoder(headDim, true, false, false, false).read("qwen2", config);
    }

    @Override
    public Set<String> keys() {
        return DenseDecoder.KEYS;
    }
}
