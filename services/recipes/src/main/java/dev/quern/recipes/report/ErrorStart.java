package dev.quern.recipes.report;

import dev.quern.recipes.report.Report.Evaluation;
import dev.quern.recipes.report.Report.Linear;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Where the error of a result starts: the blocks in which its hidden states move away from the original's, on the text
 * where the result is furthest from it.
 *
 * @param file the name of the text
 * @param rises the block with the largest rise, and others with at least half of that, in the order of the model
 * @param linears of these blocks, those with the largest errors, the largest first
 * @param concentrated whether one block makes at least half of the error
 */
public record ErrorStart(String file, List<Rise> rises, List<Linear> linears, boolean concentrated) {
    private static final int BLOCKS = 3;
    private static final int LINEARS = 3;
    /** Nothing is left of the original's states, so what comes after does not count. */
    private static final double LOST = 1;

    /** The error of the hidden states before and after a block, as ratios of norms. */
    public record Rise(int block, double before, double after) {
        /** How much of the original's states the block loses. */
        double size() {
            return Math.min(LOST, after) - Math.min(LOST, before);
        }

        private String words() {
            return block + " (from " + Figures.percent(before) + " to " + Figures.percent(after) + ")";
        }
    }

    /**
     * @param linears of the result; none where they are not known
     * @return empty where no text says how far the states are from the original's, or they do not move away from them
     */
    public static Optional<ErrorStart> of(List<Evaluation> evaluations, List<Linear> linears) {
        return evaluations.stream()
                .filter(evaluation -> evaluation.blockErrors() != null)
                .max(Comparator.comparingDouble(Evaluation::klMean))
                .flatMap(worst -> of(worst, linears));
    }

    private static Optional<ErrorStart> of(Evaluation text, List<Linear> linears) {
        List<Rise> all = rises(text);
        List<Rise> largest = all.stream()
                .sorted(Comparator.comparingDouble(Rise::size).reversed())
                .limit(BLOCKS)
                .toList();
        if (largest.isEmpty() || largest.getFirst().size() <= 0) {
            return Optional.empty();
        }
        double most = largest.getFirst().size();
        List<Rise> rises = largest.stream()
                .filter(rise -> rise.size() >= most / 2)
                .sorted(Comparator.comparingInt(Rise::block))
                .toList();
        double lost = all.stream().mapToDouble(Rise::after).max().orElse(0);
        return Optional.of(
                new ErrorStart(text.file(), rises, largest(linears, rises), most >= Math.min(LOST, lost) / 2));
    }

    private static List<Rise> rises(Evaluation text) {
        List<Double> errors = Objects.requireNonNullElse(text.blockErrors(), List.of());
        return IntStream.range(0, errors.size())
                .mapToObj(block -> new Rise(block, block == 0 ? 0 : errors.get(block - 1), errors.get(block)))
                .toList();
    }

    private static List<Linear> largest(List<Linear> linears, List<Rise> rises) {
        return linears.stream()
                .filter(linear -> rises.stream().anyMatch(rise -> rise.block() == linear.block()))
                .sorted(Comparator.comparingDouble(
                                (Linear linear) -> linear.figures().relativeError())
                        .reversed())
                .limit(LINEARS)
                .toList();
    }

    /** One sentence for people. */
    public String sentence() {
        String where = "%s: the error of the hidden states rises most in %s %s"
                .formatted(
                        file,
                        rises.size() == 1 ? "block" : "blocks",
                        enumerated(rises.stream().map(Rise::words).toList()));
        List<String> names = linears.stream()
                .map(linear ->
                        linear.name() + " (" + Figures.error(linear.figures().relativeError()) + ")")
                .toList();
        return names.isEmpty()
                ? where
                : where + ", where the largest errors of linears are those of " + enumerated(names);
    }

    private static String enumerated(List<String> words) {
        List<String> text = new ArrayList<>(words);
        String last = text.removeLast();
        return text.isEmpty() ? last : String.join(", ", text) + " and " + last;
    }
}
