package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.cli.results.Place;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.JobRequest.Calibration;
import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** On what text to calibrate. */
@Heading(value = "Calibration", order = 3)
final class TextOptions {
    @Option(
            names = "--calibration",
            paramLabel = "FILE",
            description =
                    "A .jsonl file with {\"text\": …}, {\"input_ids\": […]} or {\"messages\": […]} a line, or a .txt"
                            + " file; also s3://bucket/name (default: built-in English text).")
    private @Nullable String calibration;

    @Option(
            names = "--samples",
            paramLabel = "N",
            description = "Windows of calibration text (default: 128, or 512 for recipes with gradients).")
    private @Nullable Integer samples;

    @Option(
            names = "--seq-len",
            paramLabel = "T",
            description = "Tokens of a window, of evaluation too (default: at most 2048).")
    private @Nullable Integer seqLen;

    @Nullable
    Integer seqLen() {
        return seqLen;
    }

    /** Null for the built-in text in its usual amount. */
    @Nullable
    Calibration toCalibration(Function<Path, Source> local) {
        return calibration == null && samples == null && seqLen == null
                ? null
                : Calibration.of(calibration == null ? null : source(calibration, local), samples, seqLen);
    }

    /**
     * @param local how the server comes to a file of this machine
     * @throws QuernException INVALID_DATASET for a file that does not exist or is no text
     */
    static Source source(String file, Function<Path, Source> local) {
        Place place = new Place(file);
        if (place.isLocal() && !Files.isRegularFile(place.local())) {
            throw new QuernException(
                    ErrorCode.INVALID_DATASET, file + ": no such file (expected: a .jsonl or .txt file)");
        }
        if (place.isLocal() && !JobRequest.isText(file)) {
            throw new QuernException(
                    ErrorCode.INVALID_DATASET, file + ": unknown kind (expected: a name that ends in .jsonl or .txt)");
        }
        return place.source(local);
    }
}
