package dev.quern.recipes.report;

import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.LinearView.Board;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.IntStream;

/**
 * The board: one cell per linear of a block, coloured by its relative error, a ratio of norms. Rows are blocks; a wide screen turns the table on its
 * side with CSS alone, so the order of reading stays the same.
 */
public final class BoardDrawing {
    /** Up to here a wide screen has room for the figure in each cell, and a narrow one for comfortable rows. */
    private static final int FEW = 16;

    private static final int MANY = 48;
    private static final String PROJECTION = "_proj";

    private BoardDrawing() {}

    /** @param of what the errors are relative to */
    public static Html board(Board board, ErrorOf of) {
        Map<String, LinearView> cells = index(board);
        BoardBands bands = BoardBands.of(board);
        List<Integer> blocks = IntStream.range(0, board.blocks()).boxed().toList();
        return Html.of(
                """
                <div class="board {}">
                <table role="table" id="board">
                <caption class="unseen">Relative error of the {} of each linear, a row for each block</caption>
                <thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">block</th>{}</tr></thead>
                <tbody role="rowgroup">
                {}</tbody>
                </table>
                {}{}
                </div>
                """,
                density(board.blocks()),
                of,
                Html.each(board.names(), BoardDrawing::heading),
                Html.each(blocks, block -> row(block, board, cells, bands)),
                legend(board, of),
                bands.legend());
    }

    /** One cell, to replace the one that a page shows; nothing for a linear that the board does not have. */
    public static Html cell(Board board, int block, String linear) {
        int column = board.names().indexOf(linear);
        if (column < 0 || block < 0 || block >= board.blocks()) {
            return Html.EMPTY;
        }
        Optional<LinearView> found = board.linears().stream()
                .filter(cell -> cell.block() == block && cell.linear().equals(linear))
                .findFirst();
        return cell(block, column, linear, found, BoardBands.of(board));
    }

    /** The head of a block's row, with its worker, to replace the one that a page shows. */
    public static Html head(Board board, int block) {
        return head(block, board.blocks(), BoardBands.of(board));
    }

    /** The workers of a board, to replace those that a page shows. */
    public static Html makers(Board board) {
        return BoardBands.of(board).legend();
    }

    /** Names of Hugging Face end in _proj; a narrow screen does without it. */
    private static Html heading(String name) {
        String leaf = name.substring(name.lastIndexOf('.') + 1);
        boolean projection = leaf.endsWith(PROJECTION);
        return Html.of(
                "<th role=\"columnheader\" scope=\"col\" title=\"{}\">{}{}</th>",
                name,
                projection ? leaf.substring(0, leaf.length() - PROJECTION.length()) : leaf,
                Html.when(projection, () -> Html.of("<span class=\"tail\">{}</span>", PROJECTION)));
    }

    private static Html head(int block, int blocks, BoardBands bands) {
        return Html.of(
                "<th role=\"rowheader\" scope=\"row\" id=\"b{}\"{}>{}{}</th>",
                block,
                Html.when(block % tick(blocks) == 0, () -> new Html(" class=\"tick\"")),
                block,
                bands.stroke(block));
    }

    private static Html row(int block, Board board, Map<String, LinearView> cells, BoardBands bands) {
        List<Integer> columns = IntStream.range(0, board.names().size()).boxed().toList();
        return Html.of(
                "<tr role=\"row\"{}>{}{}</tr>\n",
                Html.when(bands.beginsSegment(block), () -> new Html(" class=\"segment\"")),
                head(block, board.blocks(), bands),
                Html.each(columns, column -> {
                    String name = board.names().get(column);
                    return cell(block, column, name, Optional.ofNullable(cells.get(key(block, name))), bands);
                }));
    }

    private static Html cell(int block, int column, String name, Optional<LinearView> linear, BoardBands bands) {
        String by = bands.worker(block) == null ? "" : ", " + bands.worker(block);
        if (linear.isEmpty() || !linear.get().state().equals("DONE")) {
            String state = linear.map(LinearView::state).orElse("").equals("RUNNING") ? "running" : "queued";
            return Html.of(
                    "<td role=\"cell\" id=\"c{}-{}\" class=\"{}\" title=\"block {} {}: {}{}\"><span>·</span></td>",
                    block,
                    column,
                    state,
                    block,
                    name,
                    state,
                    by);
        }
        LinearView done = linear.get();
        return Html.of(
                "<td role=\"cell\" id=\"c{}-{}\" class=\"h{}{}\" title=\"{}\"><span>{}</span></td>",
                block,
                column,
                HeatScale.step(done.relativeError()),
                flagged(done) ? " flag" : "",
                reading(done) + by,
                done.relativeError() == null ? Figures.NONE : Figures.percentNumber(Math.sqrt(done.relativeError())));
    }

    /** Everything that is known about a cell, as one sentence. */
    static String reading(LinearView linear) {
        StringJoiner text = new StringJoiner(", ");
        text.add(
                "block " + linear.block() + " " + linear.linear() + ": error " + Figures.error(linear.relativeError()));
        text.add("plain rounding " + Figures.error(linear.relativeErrorNearest()));
        if (linear.rows() != null && linear.cols() != null) {
            text.add(linear.rows() + " × " + linear.cols());
        }
        if (linear.damping() != null && linear.damping() > 0) {
            text.add("damping " + Figures.plain(linear.damping()));
        }
        if (linear.retries() > 0) {
            text.add("damping raised " + linear.retries() + " times");
        }
        if (linear.deadColumns() > 0) {
            text.add(linear.deadColumns() + " dead columns");
        }
        if (linear.fallback() != null) {
            text.add("rounded plainly: " + linear.fallback());
        }
        if (linear.seconds() != null) {
            text.add(Figures.duration(linear.seconds()));
        }
        return text.toString();
    }

    static boolean flagged(LinearView linear) {
        return linear.fallback() != null || linear.retries() > 0;
    }

    /** The scale, and of the marks those that the board can show: a finished one has no linear that is to come. */
    private static Html legend(Board board, ErrorOf of) {
        List<Integer> steps = IntStream.range(0, HeatScale.STEPS).boxed().toList();
        boolean finished =
                board.linears().stream().allMatch(linear -> linear.state().equals("DONE"));
        return Html.of(
                """
                <div class="legend">
                <span class="name">relative error of the {}</span>
                <div class="scale"><div class="ramp" aria-hidden="true">{}</div>
                <div class="ends"><span>1 %</span><span>3.2 %</span><span>10 %</span><span>32 %</span><span>100 %</span></div></div>
                <ul class="key">{}{}</ul>
                </div>
                """,
                of,
                Html.each(steps, step -> Html.of("<i class=\"h{}\"></i>", step)),
                Html.when(
                        !finished,
                        () -> new Html(
                                "<li><i class=\"queued\"></i>queued</li><li><i class=\"running\"></i>running</li>")),
                Html.when(
                        !finished || board.linears().stream().anyMatch(BoardDrawing::flagged),
                        () -> new Html("<li><i class=\"h0 flag\"></i>damping raised or plain rounding</li>")));
    }

    private static String density(int blocks) {
        return blocks <= FEW ? "few" : blocks <= MANY ? "some" : "many";
    }

    private static int tick(int blocks) {
        return blocks <= 40 ? 1 : blocks <= 100 ? 5 : 10;
    }

    private static Map<String, LinearView> index(Board board) {
        Map<String, LinearView> cells = new HashMap<>();
        board.linears().forEach(linear -> cells.put(key(linear.block(), linear.linear()), linear));
        return cells;
    }

    private static String key(int block, String linear) {
        return block + " " + linear;
    }
}
