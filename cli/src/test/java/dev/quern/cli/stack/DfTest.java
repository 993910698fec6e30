package dev.quern.cli.stack;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.cli.console.Console;
import dev.quern.recipes.view.StorageView;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class DfTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void kindsAndResultsHaveSizes() {
        String job = "7b0c2c0e-1d3b-4c58-9a53-0d2a4a6f8c11";
        List<String> lines = printed(new StorageView(
                1_500_300,
                List.of(new StorageView.Kind("outputs", 9, 1_500_000), new StorageView.Kind("jobs", 2, 300)),
                List.of(
                        new StorageView.Result(job, "outputs/qwen-4bit", 1_000_000),
                        new StorageView.Result(null, "outputs/left", 500_000))));

        assertThat(lines.get(1)).startsWith("outputs  9        1.50 MB  results; quern jobs delete ID");
        assertThat(lines.get(3)).isEqualTo("all      11       1.50 MB");
        assertThat(lines.subList(5, 8))
                .containsExactly(
                        "job       size     result",
                        "7b0c2c0e  1.00 MB  outputs/qwen-4bit",
                        "-         500 kB   outputs/left");
    }

    @Test
    void anEmptyStoreIsCalledEmpty() {
        assertThat(printed(new StorageView(0, List.of(), List.of()))).containsExactly("The store is empty.");
    }

    private List<String> printed(StorageView storage) {
        PrintStream stream = new PrintStream(out, true, UTF_8);
        Df.print(new Console(stream, stream, false, false, false, false), storage);
        return out.toString(UTF_8).lines().toList();
    }
}
