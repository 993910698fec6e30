package dev.quern.recipes.drawing;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.report.ErrorOf;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.LinearView.Board;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The board: one cell per linear of a block, coloured by its relative error, a ratio of norms, on the board's own scale
 * or on that of all jobs. Rows are blocks; a wide screen turns the table on its side with CSS alone, so the order of
 * reading stays the same.
 */
public final class BoardDrawing {
    /** Up to here a wide screen has room for the figure in each cell, and a narrow one for comfortable rows. */
    private static final int FEW = 16;

    private static final int MANY = 48;
    private static final String PROJECTION = "_proj";

    private BoardDrawing() {}

    /** What the cells of a board have in common. */
    private record Look(BoardBands bands, ErrorScale scale, HeldOut heldOut) {
        static Look of(Board board, HeldOut heldOut) {
            return new Look(BoardBands.of(board), ErrorScale.of(board.linears()), heldOut);
        }
    }

    /**
     * @param of what the errors are relative to
     * @param heldOut is said of each cell where it is known
     */
    public static Html board(Board board, ErrorOf of, HeldOut heldOut) {
        Map<String, LinearView> cells = index(board);
        Look look = Look.of(board, heldOut);
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
                Html.each(blocks, block -> row(block, board, cells, look)),
                legend(board, of),
                look.bands().legend());
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
        return cell(block, column, linear, found, Look.of(board, HeldOut.NONE));
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

    private static Html row(int block, Board board, Map<String, LinearView> cells, Look look) {
        List<Integer> columns = IntStream.range(0, board.names().size()).boxed().toList();
        return Html.of(
                "<tr role=\"row\"{}>{}{}</tr>\n",
                Html.when(look.bands().beginsSegment(block), () -> new Html(" class=\"segment\"")),
                head(block, board.blocks(), look.bands()),
                Html.each(columns, column -> {
                    String name = board.names().get(column);
                    return cell(block, column, name, Optional.ofNullable(cells.get(key(block, name))), look);
                }));
    }

    private static Html cell(int block, int column, String name, Optional<LinearView> linear, Look look) {
        String worker = look.bands().worker(block);
        String by = worker == null ? "" : ", " + worker;
        if (linear.isEmpty() || linear.get().state() != CellState.DONE) {
            String state =
                    linear.map(LinearView::state).orElse(CellState.QUEUED) == CellState.RUNNING ? "running" : "queued";
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
                "<td role=\"cell\" id=\"c{}-{}\" class=\"{}{}\" title=\"{}\"><span>{}</span></td>",
                block,
                column,
                colour(done, look.scale()),
                flagged(done) ? " flag" : "",
                reading(done, look.heldOut().of(done)) + by,
                done.relativeError() == null ? Figures.NONE : Figures.percentNumber(Math.sqrt(done.relativeError())));
    }

    /** The classes of an error's colour, on the common scale and on this one. */
    static String colour(LinearView linear, ErrorScale own) {
        return "h" + ErrorScale.COMMON.step(linear.relativeError()) + " j" + own.step(linear.relativeError());
    }

    /** Chooses the scale for all boards of a page; beside the board, which may be drawn again. */
    public static Html scaleSwitch() {
        return Html.of(
                "<p class=\"switch\"><label><input type=\"checkbox\" id=\"{}\"> Colour scale of all jobs, to compare boards</label></p>\n",
                HeatScale.SWITCH);
    }

    /**
     * Everything that is known about a cell, as one sentence.
     *
     * @param heldOut its error on text that calibration did not read, squared; null where it was not measured
     */
    static String reading(LinearView linear, @Nullable Double heldOut) {
        StringJoiner text = new StringJoiner(", ");
        text.add(
                "block " + linear.block() + " " + linear.linear() + ": error " + Figures.error(linear.relativeError()));
        if (heldOut != null) {
            text.add("on other text " + Figures.error(heldOut));
        }
        text.add("plain rounding " + Figures.error(linear.relativeErrorNearest()));
        if (linear.rows() != null && linear.cols() != null) {
            text.add(linear.rows() + " × " + linear.cols());
        }
        if (linear.figures() != null) {
            remarks(linear.figures(), text);
        }
        if (linear.seconds() != null) {
            text.add(Figures.duration(linear.seconds()));
        }
        return text.toString();
    }

    private static String words(LinearFigures.TwoSided choice) {
        String kept = choice.kept() == null
                ? "one side kept"
                : "both sides kept with shrinkage " + Figures.plain(choice.kept());
        return kept + " (held out " + Figures.error(choice.error()) + ", one side " + Figures.error(choice.oneSided())
                + ")";
    }

    private static void remarks(LinearFigures figures, StringJoiner text) {
        if (figures.twoSided() != null) {
            text.add(words(figures.twoSided()));
        }
        if (figures.damping() > 0) {
            text.add("damping " + Figures.plain(figures.damping()));
        }
        if (figures.retries() > 0) {
            text.add("damping raised " + figures.retries() + " times");
        }
        if (figures.sparsity() != null) {
            text.add(Figures.percent(figures.sparsity()) + " of the weights are zero");
        }
        if (figures.tokens() != null) {
            text.add(Figures.count(figures.tokens()) + " tokens");
        }
        if (figures.deadColumns() > 0) {
            text.add(figures.deadColumns() + " dead columns");
        }
        if (figures.fallback() != null) {
            text.add("rounded plainly: " + figures.fallback());
        }
    }

    static boolean flagged(LinearView linear) {
        LinearFigures figures = linear.figures();
        return figures != null && (figures.fallback() != null || figures.retries() > 0);
    }

    /** The scales, and of the marks those that the board can show: a finished one has no linear that is to come. */
    public static Html legend(Board board, ErrorOf of) {
        ErrorScale scale = ErrorScale.of(board.linears());
        boolean finished = board.linears().stream().allMatch(linear -> linear.state() == CellState.DONE);
        return Html.of(
                """
                <div class="legend" id="legend">
                <span class="name">relative error of the {}</span>
                {}{}
                <ul class="key">{}{}</ul>
                </div>
                """,
                of,
                ramp("own", "scale of this job", scale),
                ramp("common", "scale of all jobs", ErrorScale.COMMON),
                Html.when(
                        !finished,
                        () -> new Html(
                                "<li><i class=\"queued\"></i>queued</li><li><i class=\"running\"></i>running</li>")),
                Html.when(
                        !finished || board.linears().stream().anyMatch(BoardDrawing::flagged),
                        () -> new Html("<li><i class=\"h0 flag\"></i>damping raised or plain rounding</li>")));
    }

    private static Html ramp(String kind, String name, ErrorScale scale) {
        List<Integer> steps = IntStream.range(0, HeatScale.STEPS).boxed().toList();
        return Html.of(
                """
                <div class="scale {}"><div class="ramp" aria-hidden="true">{}</div>
                <div class="ends">{}</div><div>{}</div></div>
                """,
                kind,
                Html.each(steps, step -> Html.of("<i class=\"h{}\"></i>", step)),
                Html.each(scale.marks(), mark -> Html.of("<span>{}</span>", mark)),
                name);
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
