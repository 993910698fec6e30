package dev.quern.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Rows of text under a head: every row is printed when it is known, the whole table goes into a file. */
public final class Table {
    private static final Path FOLDER = Path.of("target", "proofs");

    private final String name;
    private final List<List<String>> rows = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    public Table(String name, String... head) {
        this.name = name;
        rows.add(List.of(head));
    }

    public synchronized void add(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(String.valueOf(cell));
        }
        rows.add(row);
        System.out.println(name + " " + (rows.size() - 1) + ": " + String.join(" | ", row));
    }

    /** A line below the table. */
    public synchronized void note(String line) {
        notes.add(line);
        System.out.println(name + ": " + line);
    }

    /** Prints the table and writes it to {@code target/proofs/NAME.txt}. */
    public synchronized void write() throws IOException {
        String text = text();
        System.out.println(text);
        Files.createDirectories(FOLDER);
        Files.writeString(FOLDER.resolve(name + ".txt"), text);
    }

    private String text() {
        int columns = rows.getFirst().size();
        int[] widths = IntStream.range(0, columns)
                .map(column -> rows.stream()
                        .mapToInt(row -> row.get(column).length())
                        .max()
                        .orElse(0))
                .toArray();
        String body = rows.stream()
                .map(row -> IntStream.range(0, columns)
                        .mapToObj(column -> pad(row.get(column), widths[column]))
                        .collect(Collectors.joining("  "))
                        .stripTrailing())
                .collect(Collectors.joining("\n"));
        return body + "\n" + notes.stream().map(note -> note + "\n").collect(Collectors.joining());
    }

    private static String pad(String cell, int width) {
        return cell + " ".repeat(width - cell.length());
    }
}
