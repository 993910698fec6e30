package dev.quern.engine.artifact;

import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.recipes.Yaqa.Sketch;
import dev.quern.recipes.json.JsonObject;

/**
 * The names of what a walk of gradients reads and leaves. Model, transform, text, tile, profile and the seed of the
 * labels decide it, and of sums what they are over; no grid and no method does, so other bit widths and methods start
 * from the same sketches. How the blocks are cut into segments changes no name.
 *
 * @param provenance of any recipe with the transform
 */
public record GradientNames(Provenance provenance, long seed, Sketch sketch) {
    private static final String GRADIENT_SCHEMA = "quern-gradient/v1";
    private static final String SKETCH_SCHEMA = "quern-sketch/v2";

    /** The states of one tile of the original model as they enter a block. */
    public ArtifactName stream(int block, int tile) {
        return provenance.originalStream(block, tile);
    }

    /**
     * The gradient of the loss by the states of one tile.
     *
     * @param block that the states enter
     */
    public ArtifactName gradient(int block, int tile) {
        String key = Provenance.key(walk(GRADIENT_SCHEMA).with("block", block).with("tile", tile));
        return new ArtifactName(Kind.GRADIENT, block, key);
    }

    /**
     * The factor of the outputs of a linear, summed over the tiles [first, end).
     *
     * @param linear inside the block, as in {@code mlp.down_proj}
     */
    public ArtifactName outer(int block, String linear, int first, int end) {
        return sketch("outer", block, linear, first, end);
    }

    /** The factor of the inputs, as {@link #outer}. */
    public ArtifactName inner(int block, String linear, int first, int end) {
        return sketch("inner", block, linear, first, end);
    }

    private ArtifactName sketch(String side, int block, String linear, int first, int end) {
        JsonObject sum = walk(SKETCH_SCHEMA)
                .with("block", block)
                .with("linear", linear)
                .with("side", side)
                .with("first", first)
                .with("end", end);
        JsonObject key = switch (sketch) {
            case Sketch.Windows() -> sum;
            case Sketch.Tokens(int iterations) -> sum.with("tokenIterations", iterations);
        };
        return new ArtifactName(Kind.SKETCH, block, Provenance.key(key));
    }

    private JsonObject walk(String schema) {
        return JsonObject.EMPTY
                .with("schema", schema)
                .with("inputs", provenance.originalStream(0))
                .with("seed", Long.toString(seed));
    }
}
