package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.jobs.access.AccessRepository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class BootstrapKeyTest {
    /** Without a database behind it: what is refused is refused before. */
    private final AccessRepository access =
            new AccessRepository(JdbcClient.create(new DriverManagerDataSource("jdbc:postgresql://127.0.0.1:1/none")));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "quern_too-short",
                "two words that are together more than long enough",
                "a\nkey of many lines, which nobody meant"
            })
    void refusesWhatCanBeGuessedAndDoesNotRepeatIt(String key) throws IOException {
        Path file = Files.writeString(folder.resolve("key"), key);

        assertThatThrownBy(() -> BootstrapKey.register(file, access, "default"))
                .hasMessage("QUERN_BOOTSTRAP_KEY_FILE: " + file
                        + " (expected: one line with a random key of at least 32 characters)");
    }

    @Test
    void namesAFileThatIsNotThere() {
        assertThatThrownBy(() -> BootstrapKey.register(folder.resolve("none"), access, "default"))
                .hasMessage(
                        "QUERN_BOOTSTRAP_KEY_FILE: " + folder.resolve("none") + " (expected: a file that can be read)");
    }
}
