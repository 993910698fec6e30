package dev.quern.control.reading.answer;

import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Text;
import dev.quern.control.reading.message.Word;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.run.Source;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Cuts texts into token windows.
 *
 * @param place of the model whose tokenizer is read
 * @param folder takes the windows
 * @param listener receives the name of each file before it is read
 */
record Texts(Place place, Source source, Path folder, Consumer<Word> listener) {
    private static final String TOKENIZER = "tokenizer.json";
    private static final int MAX_TOKENIZER = 512 << 20;

    /**
     * @param calibration name of the file for the windows of the calibration text; null where there is none
     * @return names of the files with the windows of the evaluation texts
     */
    List<String> cut(List<Text> evaluations, @Nullable String calibration, @Nullable Text calibrationText)
            throws IOException {
        Files.createDirectories(folder);
        List<String> names = new ArrayList<>();
        try (Tokenizer tokenizer = open(place, source.checkpoint())) {
            Datasets datasets = datasets(tokenizer);
            if (calibration != null && calibrationText != null) {
                tell(place, calibrationText);
                write(
                        calibration,
                        datasets.calibration(
                                calibrationText.file(), calibrationText.windows(), calibrationText.seqLen()));
            }
            for (Text text : evaluations) {
                names.add("evaluation-" + names.size());
                write(names.getLast(), windows(place, datasets, text));
            }
        }
        return names;
    }

    /**
     * A result that comes with another tokenizer file may still cut the texts into the same tokens.
     *
     * @throws QuernException INVALID_CHECKPOINT that names the first text which it does not
     */
    void requireSameTokens(Place other, Checkpoint result, List<Text> evaluations) throws IOException {
        if (!result.hasFile(TOKENIZER)
                || Arrays.equals(
                        result.read(TOKENIZER, MAX_TOKENIZER),
                        source.checkpoint().read(TOKENIZER, MAX_TOKENIZER))) {
            return;
        }
        try (Tokenizer tokenizer = open(other, result)) {
            Datasets datasets = datasets(tokenizer);
            for (int i = 0; i < evaluations.size(); i++) {
                Text text = evaluations.get(i);
                TokenWindows expected = TokenWindows.of(Files.readAllBytes(folder.resolve("evaluation-" + i)));
                if (!windows(other, datasets, text).digest().equals(expected.digest())) {
                    throw new QuernException(
                            ErrorCode.INVALID_CHECKPOINT,
                            "%s/%s: other tokens for %s (expected: those of the original's tokenizer)"
                                    .formatted(other.location(), TOKENIZER, text.called()));
                }
            }
        }
    }

    private Tokenizer open(Place of, Checkpoint checkpoint) {
        listener.accept(new Word.Reads(ErrorCode.INVALID_CHECKPOINT, of.location() + "/" + TOKENIZER));
        return Tokenizer.open(checkpoint);
    }

    private Datasets datasets(Tokenizer tokenizer) {
        Architecture architecture = source.architecture();
        return new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions());
    }

    private TokenWindows windows(Place of, Datasets datasets, Text text) {
        tell(of, text);
        return datasets.evaluation(text.file(), text.windows(), text.seqLen());
    }

    private void tell(Place of, Text text) {
        listener.accept(
                new Word.Reads(ErrorCode.INVALID_CHECKPOINT, of.location() + "/" + TOKENIZER + " on " + text.called()));
    }

    private void write(String name, TokenWindows windows) throws IOException {
        Files.write(folder.resolve(name), windows.bytes());
    }
}
