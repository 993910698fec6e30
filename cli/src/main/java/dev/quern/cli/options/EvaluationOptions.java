package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest.Evaluation;
import dev.quern.recipes.JobRequest.Source;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what text a result is compared with its original, and what it must reach. */
@Heading(value = "Evaluation and gate", order = 4)
final class EvaluationOptions {
    @Option(
            names = "--evaluate",
            paramLabel = "FILE",
            description = "A .jsonl or .txt file, also s3://bucket/name; may be repeated (default: built-in).")
    private List<String> evaluate = List.of();

    @Option(
            names = "--eval-windows",
            paramLabel = "N",
            description = "Windows of each evaluation file (default: all, at most 256).")
    private @Nullable Integer windows;

    @Option(
            names = "--max-kl",
            paramLabel = "X",
            description = "Gate: highest mean KL divergence to the original, nats.")
    private @Nullable Double maxKl;

    @Option(names = "--max-ppl-ratio", paramLabel = "X", description = "Gate: highest perplexity over the original's.")
    private @Nullable Double maxPplRatio;

    @Option(
            names = "--min-top1",
            paramLabel = "X",
            description = "Gate: lowest share of tokens whose most probable next token stays the same, 0 to 1.")
    private @Nullable Double minTop1;

    List<Evaluation> toEvaluations(@Nullable Integer seqLen, Function<Path, Source> local) {
        if (evaluate.isEmpty()) {
            return windows == null && seqLen == null ? List.of() : List.of(Evaluation.of(null, windows, seqLen));
        }
        return evaluate.stream()
                .map(file -> Evaluation.of(TextOptions.source(file, local), windows, seqLen))
                .toList();
    }

    /** Null where none is asked for. */
    @Nullable
    Gate toGate() {
        return maxKl == null && maxPplRatio == null && minTop1 == null ? null : new Gate(maxKl, maxPplRatio, minTop1);
    }
}
