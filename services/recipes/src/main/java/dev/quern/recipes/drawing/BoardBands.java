package dev.quern.recipes.drawing;

import dev.quern.recipes.view.LinearView.Block;
import dev.quern.recipes.view.LinearView.Board;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the board shows of whole blocks: a gap where a segment begins, and a stroke in the colour of the worker.
 *
 * @param workers in the order in which they come up on the board
 */
record BoardBands(Map<Integer, Block> blocks, List<String> workers) {
    /** Colours there are; more workers than that share them, the readout keeps them apart. */
    private static final int COLOURS = 6;

    static BoardBands of(Board board) {
        Map<Integer, Block> blocks = new HashMap<>();
        board.walk().forEach(block -> blocks.put(block.block(), block));
        return new BoardBands(
                blocks,
                board.walk().stream()
                        .map(Block::worker)
                        .filter(Objects::nonNull)
                        .distinct()
                        .toList());
    }

    boolean beginsSegment(int block) {
        Block before = blocks.get(block - 1);
        Block here = blocks.get(block);
        return before != null && here != null && before.segment() != here.segment();
    }

    @Nullable
    String worker(int block) {
        Block here = blocks.get(block);
        return here == null ? null : here.worker();
    }

    Html stroke(int block) {
        String worker = worker(block);
        return worker == null ? Html.EMPTY : Html.of("<i class=\"by {}\"></i>", colour(worker));
    }

    /** The workers with their colours and how many blocks they had. */
    Html legend() {
        return Html.of(
                "<ul class=\"key makers\" id=\"makers\">{}</ul>\n",
                Html.each(
                        workers,
                        worker -> Html.of(
                                "<li><i class=\"{}\"></i>{}, {}</li>", colour(worker), worker, blocks(count(worker)))));
    }

    private long count(String worker) {
        return blocks.values().stream()
                .filter(block -> worker.equals(block.worker()))
                .count();
    }

    private static String blocks(long count) {
        return count == 1 ? "1 block" : count + " blocks";
    }

    private String colour(String worker) {
        return "w" + workers.indexOf(worker) % COLOURS;
    }
}
