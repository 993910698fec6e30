package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How an evaluation alone cuts its texts. */
@Heading(value = "Evaluation and gate", order = 4)
final class WindowOption {
    @Option(names = "--seq-len", paramLabel = "T", description = "Tokens of a window (default: at most 2048).")
    private @Nullable Integer seqLen;

    @Nullable
    Integer seqLen() {
        return seqLen;
    }
}
