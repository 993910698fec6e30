package dev.quern.control.job;

import dev.quern.recipes.view.LinearView;
import java.util.List;

/** The workers that made a block, which the board names in one text. */
public final class Makers {
    private static final String SEPARATOR = ", ";

    private Makers() {}

    public static String text(List<String> workers) {
        return String.join(SEPARATOR, workers);
    }

    /** The workers that the board names; none for a block that no one has made yet. */
    public static List<String> of(LinearView.Block block) {
        return block.worker() == null ? List.of() : List.of(block.worker().split(SEPARATOR, -1));
    }
}
