package dev.quern.recipes.view;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One cell of the board: a linear of a block, as GET /api/v1/jobs/{id}/layers answers it.
 *
 * @param linear within the block, for example {@code mlp.down_proj}
 * @param state whether it is done
 * @param figures null until done
 */
public record LinearView(
        int block,
        String linear,
        CellState state,
        @Nullable Integer rows,
        @Nullable Integer cols,
        @Nullable LinearFigures figures,
        @Nullable Double seconds) {
    /** Squared; null until done. */
    public @Nullable Double relativeError() {
        return figures == null ? null : figures.relativeError();
    }

    /** Squared, of plain rounding; null until done. */
    public @Nullable Double relativeErrorNearest() {
        return figures == null ? null : figures.relativeErrorNearest();
    }

    /**
     * GET /api/v1/jobs/{id}/layers.
     *
     * @param names the linears of a block in order: the columns of the board
     * @param walk what is known of whole blocks, in order; empty before the plan
     */
    public record Board(int blocks, List<String> names, List<LinearView> linears, List<Block> walk) {
        /** One of which no more is known than its linears. */
        public Board(int blocks, List<String> names, List<LinearView> linears) {
            this(blocks, names, linears, List.of());
        }
    }

    /**
     * @param segment the run of blocks that it belongs to, from 0; runs are compressed side by side
     * @param worker who has it in work or made it; null where nobody did, or it was there before
     */
    public record Block(int block, int segment, @Nullable String worker) {}
}
