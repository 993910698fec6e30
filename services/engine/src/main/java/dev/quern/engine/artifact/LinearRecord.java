package dev.quern.engine.artifact;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.CoreShape;
import dev.quern.engine.method.IntegerShape;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.codec.CompletedBy;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.report.FiguresForm;
import dev.quern.recipes.view.LinearView;

/**
 * A compressed linear as an artifact's header describes it: its shape and grid, and what compression did to it.
 *
 * @param name inside the block, as in {@code self_attn.q_proj}
 * @param groupSize columns that share a scale; 0 is one scale per row
 * @param seconds to solve it; the only figure that differs between equal runs
 */
@CompletedBy(FiguresForm.class)
public record LinearRecord(
        String name,
        int rows,
        int cols,
        int bits,
        int groupSize,
        boolean symmetric,
        LinearFigures figures,
        double seconds) {
    /** What an artifact says of a linear. */
    public static LinearRecord of(CompressedLinear linear, LinearFigures figures, double seconds) {
        return switch (linear.core().shape()) {
            case IntegerShape(int bits, int groupSize, boolean symmetric) ->
                new LinearRecord(
                        linear.id().name(), linear.rows(), linear.cols(), bits, groupSize, symmetric, figures, seconds);
        };
    }

    /** How its values are represented. */
    CoreShape shape() {
        return new IntegerShape(bits, groupSize, symmetric);
    }

    /** A finished cell of the board. */
    public LinearView cell(int block) {
        return new LinearView(block, name, CellState.DONE, rows, cols, figures, seconds);
    }
}
