package dev.quern.cli.console;

import java.util.ArrayList;
import java.util.List;

/** Columns of text, as wide as they must be: the first flush left, the others flush right unless told otherwise. */
public final class Table {
    private final List<List<String>> rows = new ArrayList<>();
    private final boolean left;

    private Table(boolean left) {
        this.left = left;
    }

    public static Table ofNumbers(String... head) {
        return new Table(false).row(head);
    }

    public static Table ofText(String... head) {
        return new Table(true).row(head);
    }

    public Table row(String... cells) {
        rows.add(List.of(cells));
        return this;
    }

    public void print(Console console) {
        for (int row = 0; row < rows.size(); row++) {
            String line = line(rows.get(row));
            console.print(row == 0 ? console.bold(line) : line);
        }
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < cells.size(); column++) {
            String cell = cells.get(column);
            String blank = " ".repeat(width(column) - cell.length());
            line.append(column == 0 ? "" : "  ").append(left || column == 0 ? cell + blank : blank + cell);
        }
        return line.toString().stripTrailing();
    }

    private int width(int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }
}
