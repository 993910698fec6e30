package dev.quern.engine.model;

/**
 * A linear layer of a block.
 *
 * @param name inside the block, as in {@code self_attn.q_proj}
 * @param rows outputs
 * @param cols inputs
 * @param input the value that it reads; linears that share it form a {@link WorkUnit}
 */
public record LinearSpec(String name, int rows, int cols, String input) {
    /** The name of its matrix inside the block. */
    public String weight() {
        return name + ".weight";
    }

    /** The name of its bias inside the block, for those that have one. */
    public String bias() {
        return name + ".bias";
    }
}
