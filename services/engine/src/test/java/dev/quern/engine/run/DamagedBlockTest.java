package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.Samples;
import dev.quern.engine.evaluation.CompressedBlocks;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed model against itself with the weights of one block damaged: the report finds the block. */
class DamagedBlockTest {
    private static final int WINDOWS = 9;
    private static final int SEQ_LEN = 24;
    private static final int VOCABULARY = 2048;

    @TempDir
    Path scratch;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);
    private final TokenWindows windows = new TokenWindows(
            "a.txt", SEQ_LEN, random.ints(WINDOWS * SEQ_LEN, 0, VOCABULARY).toArray());

    @AfterEach
    void nothingIsLeft() {
        assertThat(backend.memory().liveBytes()).as("bytes of open scopes").isZero();
        backend.close();
    }

    @Test
    void theDamagedBlockIsNamed() {
        try (Source source = Source.open(Samples.tinyLlama())) {
            for (int block = 0; block < 4; block++) {
                Report.Evaluation evaluation = evaluation(evaluate(source, windows, damaged(block)));
                Report.Verdict verdict = GateCheck.judge(new Gate(1e-6, null, null), List.of(evaluation));

                List<String> notes =
                        ReportParts.diagnosis(verdict, List.of(evaluation), List.of(), Recipes.find("gptq-w3a16"));

                assertThat(evaluation.blockErrors().subList(0, block))
                        .as("seed %d", seed)
                        .isEqualTo(Collections.nCopies(block, 0.0));
                assertThat(notes.getFirst())
                        .as("seed %d: %s", seed, evaluation.blockErrors())
                        .startsWith("a.txt: the error of the hidden states rises most in block " + block
                                + " (from 0 % to ");
                assertThat(notes.getLast()).isEqualTo("Try the recipe gptq-w4a16 next, with 4 bits");
            }
        }
    }

    @Test
    void aModelComparedWithItselfHasNoErrorAndNoDiagnosis() {
        try (Source source = Source.open(Samples.tinyLlama())) {
            Report.Evaluation evaluation = evaluation(evaluate(source, windows, CompressedBlocks.NONE));
            Report.Verdict verdict = GateCheck.judge(Gate.NONE, List.of(evaluation));

            assertThat(evaluation.blockErrors()).containsExactly(0.0, 0.0, 0.0, 0.0);
            assertThat(ReportParts.diagnosis(verdict, List.of(evaluation), List.of(), Recipes.find("gptq-w3a16")))
                    .isEmpty();
        }
    }

    /** As workers share it, each part stored and read back. */
    @Test
    void partsGiveTheSameBitsAsTheWhole() {
        try (Source source = Source.open(Samples.tinyLlama())) {
            EvaluationFigures whole = EvaluationFigures.reduce(List.of(evaluate(source, windows, damaged(1))));
            for (int parts : new int[] {2, 3, 9}) {
                List<TokenFigures> stored = new ArrayList<>();
                for (int part = 0; part < parts; part++) {
                    TokenWindows own = windows.slice(part * WINDOWS / parts, (part + 1) * WINDOWS / parts);
                    stored.add(TokenFigures.of(evaluate(source, own, damaged(1)).bytes()));
                }
                assertThat(EvaluationFigures.reduce(stored))
                        .as("seed %d, %d parts", seed, parts)
                        .isEqualTo(whole);
            }
        }
    }

    private Report.Evaluation evaluation(TokenFigures figures) {
        return ReportParts.evaluation(windows, EvaluationFigures.reduce(List.of(figures)));
    }

    private TokenFigures evaluate(Source source, TokenWindows text, CompressedBlocks compressed) {
        return new Evaluator(backend, source.architecture(), source.model().weights(backend), scratch)
                .evaluate(text, compressed, Progress.NONE, Cancellation.NEVER);
    }

    /** Random weights of the usual size in the place of a block's last linear. */
    private CompressedBlocks damaged(int wanted) {
        return (block, weights) -> {
            if (block != wanted) {
                return;
            }
            LinearSpec down = weights.block().program().linears().getLast();
            SplittableRandom same = new SplittableRandom(seed);
            float[] values = new float[down.rows() * down.cols()];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) (0.1 * same.nextGaussian());
            }
            weights.replace(
                    down,
                    scope -> backend.memory()
                            .upload(scope, MemorySegment.ofArray(values), DType.F32, down.rows(), down.cols()));
        };
    }
}
