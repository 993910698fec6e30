package dev.quern.engine.text;

import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Makes windows of text: the documents of a file in order, tokenized, concatenated, cut into windows, the first of
 * them. Where no file is named the built-in public-domain English text is read. Errors are USER errors that name the
 * file, the value and what was expected.
 *
 * @param vocabulary of the model; larger token ids are refused
 * @param maxPositions of the model; longer windows are refused
 */
public record Datasets(Tokenizer tokenizer, int vocabulary, int maxPositions) {
    /** The source of windows that come from the built-in text. */
    public static final String BUILT_IN = "built-in";

    /** Windows of calibration where nobody says. */
    public static final int CALIBRATION_WINDOWS = 128;
    /** The same where gradients are computed, which need more of them. */
    public static final int GRADIENT_WINDOWS = 512;
    /** Tokens of a window where nobody says and the model has so many positions. */
    public static final int SEQ_LEN = 2048;
    /** Windows of an evaluation text where nobody says and it has so many. */
    public static final int EVALUATION_WINDOWS = 256;

    private static final int MAX_WINDOWS = 1 << 20;

    /**
     * @param samples windows at most; null is 128
     * @param seqLen tokens of a window; null is 2048, or the model's positions where those are fewer
     */
    public TokenWindows calibration(@Nullable TextFile file, @Nullable Integer samples, @Nullable Integer seqLen) {
        return read(file, "calibration.jsonl", "samples", samples, CALIBRATION_WINDOWS, seqLen);
    }

    /**
     * How many windows of calibration text a job with these recipes reads.
     *
     * @param asked null is the default
     */
    public static int windows(@Nullable Integer asked, List<Recipe> recipes) {
        int usual = SketchPlan.isNeeded(recipes) ? GRADIENT_WINDOWS : CALIBRATION_WINDOWS;
        return Objects.requireNonNullElse(asked, usual);
    }

    /**
     * @param windows at most; null is all, up to 256
     * @param seqLen as for {@link #calibration}
     */
    public TokenWindows evaluation(@Nullable TextFile file, @Nullable Integer windows, @Nullable Integer seqLen) {
        return read(file, "evaluation.jsonl", "windows", windows, EVALUATION_WINDOWS, seqLen);
    }

    private TokenWindows read(
            @Nullable TextFile file,
            String builtIn,
            String option,
            @Nullable Integer windows,
            int defaultWindows,
            @Nullable Integer seqLen) {
        int length = seqLen == null ? Math.min(SEQ_LEN, maxPositions) : seqLen;
        int count = windows == null ? defaultWindows : windows;
        check("seqLen", length, 2, maxPositions);
        check(option, count, 1, MAX_WINDOWS);
        TokenBuffer buffer = new TokenBuffer(vocabulary, (long) count * length);
        String name = file == null ? BUILT_IN : file.name();
        Documents documents = new Documents(name, tokenizer);
        if (file == null) {
            readBuiltIn(builtIn, documents, buffer);
        } else {
            documents.read(file.file(), (place, ids) -> buffer.add(documents, place, ids));
        }
        return buffer.windows(documents, name, length);
    }

    private static void readBuiltIn(String resource, Documents documents, TokenBuffer buffer) {
        try (InputStream in = Objects.requireNonNull(Datasets.class.getResourceAsStream(resource), resource)) {
            documents.readLines(in, (place, ids) -> buffer.add(documents, place, ids));
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }

    private static void check(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, option + ": " + value + " (expected: " + least + " to " + most + ")");
        }
    }
}
