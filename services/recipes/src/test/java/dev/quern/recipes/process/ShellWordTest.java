package dev.quern.recipes.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellWordTest {
    @ParameterizedTest
    @ValueSource(
            strings = {"", "a b", "Ä ö/aus gabe", "it's", "$HOME", "`id`", "a\nb", "*", "~", "\"quoted\"", "a;b", "\\"})
    void theShellReadsItBack(String word) throws IOException {
        Process shell = new ProcessBuilder("sh", "-c", "printf %s " + ShellWord.quoted(word)).start();
        assertThat(new String(shell.getInputStream().readAllBytes(), UTF_8)).isEqualTo(word);
    }

    @Test
    void aPlainWordStaysAsItIs() {
        assertThat(ShellWord.quoted("./models/Qwen3-0.6B-gptq-w4a16")).isEqualTo("./models/Qwen3-0.6B-gptq-w4a16");
    }
}
