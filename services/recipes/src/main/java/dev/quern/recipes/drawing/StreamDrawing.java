package dev.quern.recipes.drawing;

import dev.quern.recipes.report.ErrorStart;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.Report.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The error of the hidden states along the model, a line for each text: it rises in the blocks that start it. The
 * drawing is SVG without words, which the page around it adds, so that they keep their size on a narrow screen.
 */
public final class StreamDrawing {
    /** Height of the drawing in its own units; its width is the number of blocks. */
    private static final int HEIGHT = 100;

    private static final int COLOURS = 6;
    private static final int LABELS = 12;
    /** What the upper end of the scale may be, times a power of ten. */
    private static final List<Double> ROUND = List.of(1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0);

    private StreamDrawing() {}

    /** @param errors after each block */
    private record Line(String name, List<Double> errors) {}

    /**
     * @param reports of the results of one model
     * @return nothing where no text says how far the hidden states are from the original's
     */
    public static Html of(List<Report> reports) {
        List<Line> lines = new ArrayList<>();
        for (Report report : reports) {
            for (Evaluation evaluation : report.evaluations()) {
                List<Double> errors = evaluation.blockErrors();
                if (errors != null && !errors.isEmpty()) {
                    String text = Figures.leaf(evaluation.file());
                    lines.add(new Line(reports.size() == 1 ? text : report.recipeName() + " on " + text, errors));
                }
            }
        }
        return Html.when(!lines.isEmpty(), () -> figure(lines, starts(reports)));
    }

    private static List<Integer> starts(List<Report> reports) {
        return reports.stream()
                .map(report -> ErrorStart.of(report.evaluations(), List.of()))
                .flatMap(Optional::stream)
                .flatMap(start -> start.rises().stream())
                .map(ErrorStart.Rise::block)
                .distinct()
                .sorted()
                .toList();
    }

    private static Html figure(List<Line> lines, List<Integer> starts) {
        int blocks = lines.getFirst().errors().size();
        double top = top(lines);
        return Html.of(
                """
                <figure class="stream">
                <figcaption>{} after each block{}</figcaption>
                <div class="ends"><span>{}</span><span>{}</span><span>0</span></div>
                <svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>
                <div class="blocks" aria-hidden="true">{}</div>
                {}{}</figure>
                """,
                Terms.HIDDEN_STATES.html(),
                starts.isEmpty() ? "" : "; marked where it rises most",
                Figures.percent(top),
                Figures.percent(top / 2),
                blocks,
                HEIGHT,
                reading(lines, starts),
                grid(blocks, starts),
                Html.each(positions(lines), position -> path(lines.get(position), position, top)),
                Html.each(blocks(blocks), block -> Html.of("<span>{}</span>", block % every(blocks) == 0 ? block : "")),
                Html.when(lines.size() > 1, () -> legend(lines)),
                numbers(lines, blocks));
    }

    private static Html legend(List<Line> lines) {
        return Html.of(
                "<ul class=\"makers\">{}</ul>\n",
                Html.each(
                        positions(lines),
                        position -> Html.of(
                                "<li><i class=\"w{}\"></i>{}</li>",
                                position % COLOURS,
                                lines.get(position).name())));
    }

    private static List<Integer> blocks(int blocks) {
        return IntStream.range(0, blocks).boxed().toList();
    }

    private static List<Integer> positions(List<Line> lines) {
        return IntStream.range(0, lines.size()).boxed().toList();
    }

    private static Html grid(int blocks, List<Integer> starts) {
        return Html.of(
                "{}<path class=\"grid\" d=\"M0 0H{}M0 {}H{}M0 {}H{}\"/>",
                Html.each(
                        starts,
                        block -> Html.of(
                                "<rect class=\"start\" x=\"{}\" y=\"0\" width=\"1\" height=\"{}\"/>", block, HEIGHT)),
                blocks,
                HEIGHT / 2,
                blocks,
                HEIGHT,
                blocks);
    }

    /** From no error at the entry of the first block; block b is between b and b + 1. */
    private static Html path(Line line, int position, double top) {
        String points = IntStream.range(0, line.errors().size())
                .mapToObj(block -> String.format(
                        Locale.ROOT,
                        "L%d %.2f",
                        block + 1,
                        HEIGHT * (1 - line.errors().get(block) / top)))
                .collect(Collectors.joining());
        return Html.of("<path class=\"line l{}\" d=\"M0 {}{}\"/>", position % COLOURS, HEIGHT, points);
    }

    private static double top(List<Line> lines) {
        double largest = lines.stream()
                .flatMap(line -> line.errors().stream())
                .mapToDouble(Double::doubleValue)
                .max()
                .orElse(0);
        if (largest == 0) {
            return 1;
        }
        double decade = Math.pow(10, Math.floor(Math.log10(largest)));
        return ROUND.stream()
                .mapToDouble(round -> round * decade)
                .filter(end -> end >= largest)
                .findFirst()
                .orElse(10 * decade);
    }

    private static int every(int blocks) {
        return blocks <= LABELS ? 1 : 5 * Math.ceilDiv(blocks, 5 * LABELS);
    }

    private static String reading(List<Line> lines, List<Integer> starts) {
        String ends = lines.stream()
                .map(line -> "%s: %s after the first block, %s after the last"
                        .formatted(
                                line.name(),
                                Figures.percent(line.errors().getFirst()),
                                Figures.percent(line.errors().getLast())))
                .collect(Collectors.joining("; "));
        return "Error of the hidden states after each block. " + ends + "."
                + (starts.isEmpty()
                        ? ""
                        : " It rises most in block "
                                + starts.stream().map(Objects::toString).collect(Collectors.joining(", ")) + ".");
    }

    /** The same for those who cannot see it, or want the figures. */
    private static Html numbers(List<Line> lines, int blocks) {
        return Html.of(
                """
                <details class="files"><summary>As a table</summary><div class="scroll"><table class="figures">
                <thead><tr><th scope="col">block</th>{}</tr></thead><tbody>{}</tbody></table></div></details>
                """,
                Html.each(lines, line -> Html.of("<th scope=\"col\">{}</th>", line.name())),
                Html.each(blocks(blocks), block -> row(block, lines)));
    }

    private static Html row(int block, List<Line> lines) {
        return Html.of(
                "<tr><th scope=\"row\">{}</th>{}</tr>",
                block,
                Html.each(
                        lines,
                        line -> Html.of(
                                "<td>{}</td>", Figures.percent(line.errors().get(block)))));
    }
}
