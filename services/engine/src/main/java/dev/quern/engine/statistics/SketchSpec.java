package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.Yaqa.Sketch;
import java.util.ArrayList;
import java.util.List;

/**
 * What is summed of gradients, and what that costs.
 *
 * @param sides that are kept
 */
public record SketchSpec(Sketch sketch, Sides sides) {
    /**
     * The sums of some linears, empty.
     *
     * @param seqLen tokens of a window
     */
    public SketchSums open(ComputeBackend backend, List<LinearSpec> linears, int seqLen) {
        return switch (sketch) {
            case Sketch.Windows() -> new KroneckerSums(backend, linears, seqLen, sides);
            case Sketch.Tokens(int iterations) -> new TokenSums(backend, linears, seqLen, sides);
        };
    }

    /** How often the sums see all tiles. The last half-step is left out where nothing reads it. */
    public int passes() {
        return switch (sketch) {
            case Sketch.Windows() -> 1;
            case Sketch.Tokens(int iterations) -> sides == Sides.OUTER ? iterations - iterations % 2 : iterations;
        };
    }

    /** Bytes of the sums of a linear, float64. A power iteration weighs each side by the other, so it has both. */
    public long bytes(LinearSpec linear) {
        long outer = (long) linear.rows() * linear.rows();
        long inner = sides == Sides.OUTER && passes() == 1 ? 0 : (long) linear.cols() * linear.cols();
        return (outer + inner) * Double.BYTES;
    }

    /** Bytes of the sums of all linears of a block: a walk that has less passes its tiles more often. */
    public long bytes(BlockProgram program) {
        return program.linears().stream().mapToLong(this::bytes).sum();
    }

    /**
     * Which linears have their sums in memory at once: all where they fit, else as many as fit, in the order given.
     * Each further group takes all passes back through the tiles again. This changes no bit.
     *
     * @param budget bytes; a linear that alone exceeds it stands alone
     */
    public List<List<LinearSpec>> groups(List<LinearSpec> linears, long budget) {
        List<List<LinearSpec>> groups = new ArrayList<>();
        long free = -1;
        for (LinearSpec linear : linears) {
            if (bytes(linear) > free) {
                groups.add(new ArrayList<>());
                free = budget;
            }
            groups.getLast().add(linear);
            free -= bytes(linear);
        }
        return groups;
    }

    /**
     * Multiplications and additions for each window in all passes, for plans.
     *
     * @param seqLen tokens of a window
     */
    public double operations(LinearSpec linear, int seqLen) {
        return switch (sketch) {
            case Sketch.Windows() -> KroneckerSums.operations(linear, seqLen, sides);
            case Sketch.Tokens(int iterations) -> seqLen * TokenSums.operations(linear, passes());
        };
    }

    /**
     * Elements that the products of a linear take while a tile is added.
     *
     * @param tokens of the tile
     * @param seqLen tokens of a window
     */
    public long productElements(LinearSpec linear, long tokens, int seqLen) {
        return switch (sketch) {
            case Sketch.Windows() -> KroneckerSums.productElements(linear, tokens, seqLen);
            case Sketch.Tokens(int iterations) -> TokenSums.productElements(linear, tokens);
        };
    }
}
