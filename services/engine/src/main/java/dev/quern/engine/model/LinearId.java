package dev.quern.engine.model;

/**
 * Which linear of a model.
 *
 * @param block what the names of its block's tensors start with, as in {@code model.layers.3.}
 * @param name inside the block, as in {@code mlp.down_proj}
 */
public record LinearId(String block, String name) {
    /** The full name of its module, as in {@code model.layers.3.mlp.down_proj}. */
    public String module() {
        return block + name;
    }

    /** The full name of its matrix. */
    public String weight() {
        return module() + ".weight";
    }

    /** As messages name it. */
    @Override
    public String toString() {
        return module();
    }
}
