package dev.quern.engine.format;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.LinearId;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds linears of a compressed model. It holds the block that was asked for last. */
public final class LinearsByBlock {
    private final CompressedModel model;
    private Map<LinearId, CompressedLinear> linears = Map.of();
    private int current = -1;

    public LinearsByBlock(CompressedModel model) {
        this.model = model;
    }

    /** Null where the block has no such linear. */
    public @Nullable CompressedLinear find(int block, LinearId linear) {
        if (block != current) {
            linears = model.linears(block).stream().collect(Collectors.toMap(CompressedLinear::id, each -> each));
            current = block;
        }
        return linears.get(linear);
    }
}
