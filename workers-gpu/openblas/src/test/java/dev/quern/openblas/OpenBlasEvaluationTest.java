package dev.quern.openblas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.StoredWeights;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Evaluation of a trained model, the one under samples, on text of its own kind. */
class OpenBlasEvaluationTest {
    private static final Path MODEL = Path.of("../../samples/tiny-llama");
    /** Measured with transformers in float32 on the same 20 windows. */
    private static final double PERPLEXITY = 22.34144;

    @TempDir
    Path scratch;

    @Test
    void perplexityIsThatOfTransformersForAnyNumberOfThreads() {
        TokenFigures figures = evaluate(1);
        EvaluationFigures reduced = EvaluationFigures.reduce(List.of(figures));

        assertThat(reduced.pplOriginal()).isCloseTo(PERPLEXITY, within(PERPLEXITY * 1e-5));
        assertThat(reduced.klMean()).isZero();
        assertThat(reduced.top1()).isEqualTo(1);
        assertThat(evaluate(2).bytes()).isEqualTo(figures.bytes());
    }

    private TokenFigures evaluate(int threads) {
        try (OpenBlasBackend backend = new OpenBlasBackend(threads);
                Checkpoint checkpoint = Checkpoint.open(MODEL);
                Tokenizer tokenizer = Tokenizer.open(MODEL)) {
            Architecture architecture = Architectures.of(checkpoint.config());
            architecture.check(checkpoint);
            TokenWindows windows = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions())
                    .evaluation(null, 20, 256);
            return new Evaluator(backend, architecture, new StoredWeights(backend, checkpoint), scratch)
                    .evaluate(windows, CompressedBlocks.NONE, Progress.NONE, Cancellation.NEVER);
        }
    }
}
