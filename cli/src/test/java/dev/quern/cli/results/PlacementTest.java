package dev.quern.cli.results;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.cli.console.Console;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of files under the name of a result when it is put there. */
class PlacementTest {
    @TempDir
    private Path temp;

    private Path out;

    @BeforeEach
    void name() {
        out = temp.resolve("out");
    }

    @Test
    void aResultTakesAnEmptyPlaceOrNone() throws IOException {
        Placement.into(out, false).show(result("first"));
        assertThat(out.resolve("config.json")).hasContent("first");

        Path empty = Files.createDirectory(temp.resolve("empty"));
        Placement.into(empty, false).show(result("second"));
        assertThat(empty.resolve("config.json")).hasContent("second");
    }

    @Test
    void whatCameIntoTheFolderMeanwhileStaysAndSoDoesTheResult() throws IOException {
        Placement placement = Placement.into(out, false);
        Files.createDirectories(out);
        Files.writeString(out.resolve("thesis.txt"), "mine");
        Path result = result("new");

        assertThatThrownBy(() -> placement.show(result))
                .hasMessageContaining("files came into it while the command ran")
                .hasMessageContaining(result.toString());
        placement.close();
        assertThat(out.resolve("thesis.txt")).hasContent("mine");
        assertThat(result.resolve("config.json")).hasContent("new");
    }

    @Test
    void aFileInPlaceOfTheFolderStays() throws IOException {
        Placement placement = Placement.into(out, false);
        Files.writeString(out, "mine");

        assertThatThrownBy(() -> placement.show(result("new"))).hasMessageContaining("files came into it");
        assertThat(out).hasContent("mine");
    }

    @Test
    void ofTwoCommandsWithOneFolderNeitherLosesItsResult() throws IOException {
        for (boolean overwrite : new boolean[] {false, true}) {
            out = temp.resolve("out-" + overwrite);
            Placement first = Placement.into(out, overwrite);
            Placement second = Placement.into(out, overwrite);
            Path late = result("second");
            first.show(result("first"));

            assertThatThrownBy(() -> second.show(late)).hasMessageContaining(late.toString());
            second.close();
            assertThat(out.resolve("config.json")).hasContent("first");
            assertThat(late.resolve("config.json")).hasContent("second");
        }
    }

    @Test
    void overwriteReplacesWhatWasThereAndKeepsWhatCameSince() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("old.txt"), "old");
        Placement.into(out, true).show(result("new"));
        assertThat(out.resolve("config.json")).hasContent("new");
        assertThat(out.resolve("old.txt")).doesNotExist();

        Placement placement = Placement.into(out, true);
        Files.writeString(out.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> placement.show(result("newer"))).hasMessageContaining("files came into it");
        assertThat(out.resolve("notes.txt")).hasContent("mine");
        assertThat(out.resolve("config.json")).hasContent("new");
        try (Stream<Path> left = Files.list(temp)) {
            assertThat(left).noneMatch(path -> path.toString().endsWith(".replaced"));
        }
    }

    @Test
    void aPlaceWhereNothingCanBeMadeIsRefusedBeforeAnyWork() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "x");

        assertThatThrownBy(() -> Placement.into(file.resolve("sub/out"), false))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("nothing can be made in " + file);
        assertThatThrownBy(() -> Placement.into(Path.of("/proc/x"), false))
                .isInstanceOf(QuernException.class)
                .hasMessageContaining("nothing can be made in /proc");
    }

    @Test
    void aTerminalGetsNoCommandsFromNames() {
        assertThat(Console.safe("a\u001b]0;owned\u0007b\u001b[2Jc\u009b1m \u001b[31mred\u001b[0m\ttab\nline"))
                .isEqualTo("a\ufffd]0;owned\ufffdb\ufffd[2Jc\ufffd1m \u001b[31mred\u001b[0m\ttab\nline");
    }

    private Path result(String content) throws IOException {
        Path folder = Files.createTempDirectory(temp, ".result");
        Files.writeString(folder.resolve("config.json"), content);
        return folder;
    }
}
