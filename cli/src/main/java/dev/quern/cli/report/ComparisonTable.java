package dev.quern.cli.report;

import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report.Evaluation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** A comparison as a person reads it in a terminal: sides are called A, B, … after the first table. */
public final class ComparisonTable {
    private final Console console;
    private final Comparison comparison;

    public ComparisonTable(Console console, Comparison comparison) {
        this.console = console;
        this.comparison = comparison;
    }

    public void print() {
        sides();
        fields();
        comparison.texts().stream().filter(Comparison.Text::same).forEach(this::text);
        linears();
        comparison.warnings().forEach(warning -> console.print("note  " + warning));
    }

    private void sides() {
        Table table = Table.ofNumbers("", "result", "model", "recipe", "quality", "size", "bits per weight", "took");
        for (int i = 0; i < comparison.sides().size(); i++) {
            Comparison.Side side = comparison.sides().get(i);
            Closeness quality = side.quality();
            table.row(
                    letter(i),
                    side.label(),
                    side.model(),
                    side.recipe(),
                    quality == null ? Figures.NONE : quality.word(),
                    Units.bytes(side.sizes().outputBytes()),
                    Figures.fixed(side.sizes().bitsPerWeight(), 2),
                    Units.duration(side.seconds()));
        }
        print(table);
    }

    private void fields() {
        if (!comparison.recipe().isEmpty()) {
            Table table = Table.ofNumbers(row("recipe", letters()));
            comparison.recipe().forEach(field -> table.row(row(field.field(), field.values())));
            print(table);
        }
    }

    private void text(Comparison.Text text) {
        Table table = Table.ofNumbers(row(text.file(), letters()));
        table.row(row("ppl of the original", figures(text, e -> Figures.fixed(e.pplOriginal(), 3))));
        table.row(row("ppl", figures(text, e -> Figures.fixed(e.pplCompressed(), 3))));
        table.row(row("ppl ratio", figures(text, e -> Figures.fixed(e.pplRatio(), 4))));
        table.row(row("KL mean", figures(text, e -> Figures.number(e.klMean()))));
        table.row(row("KL p99", figures(text, e -> Figures.number(e.klP99()))));
        if (text.figures().stream().allMatch(measured -> measured.figures().blockErrors() != null)) {
            table.row(row("hidden states", figures(text, ComparisonTable::lastBlock)));
        }
        table.row(row("top-1 kept", figures(text, e -> Figures.percent(e.top1()))));
        print(table);
    }

    /** The error of the hidden states that the head reads. */
    private static String lastBlock(Evaluation evaluation) {
        List<Double> errors = evaluation.blockErrors();
        return errors == null ? Figures.NONE : Figures.percent(errors.getLast());
    }

    private static List<String> figures(Comparison.Text text, Function<Evaluation, String> figure) {
        return text.figures().stream()
                .map(measured -> figure.apply(measured.figures()))
                .toList();
    }

    private void linears() {
        if (!comparison.linears().isEmpty()) {
            Table table = Table.ofNumbers(row("largest differences of error", letters()));
            comparison.linears().forEach(linear -> linear(table, linear));
            print(table);
        }
    }

    private static void linear(Table table, Comparison.Linear linear) {
        table.row(row(
                linear.name(), linear.errors().stream().map(Figures::percent).toList()));
        List<Double> heldOut = linear.heldOut();
        if (heldOut != null) {
            table.row(row("  held out", heldOut.stream().map(Figures::percent).toList()));
        }
        List<Double> sparsities = linear.sparsities();
        if (sparsities != null) {
            table.row(row(
                    "  weights of zero",
                    sparsities.stream().map(Figures::percent).toList()));
        }
        List<Long> tokens = linear.tokens();
        if (tokens != null) {
            table.row(row("  tokens", tokens.stream().map(Figures::count).toList()));
        }
    }

    private void print(Table table) {
        table.print(console);
        console.print("");
    }

    private static String[] row(String first, List<String> rest) {
        List<String> row = new ArrayList<>();
        row.add(first);
        row.addAll(rest);
        return row.toArray(String[]::new);
    }

    private List<String> letters() {
        return IntStream.range(0, comparison.sides().size())
                .mapToObj(ComparisonTable::letter)
                .toList();
    }

    private static String letter(int side) {
        return side < 26 ? String.valueOf((char) ('A' + side)) : String.valueOf(side + 1);
    }
}
