package dev.quern.cli.report;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The report in the folder of a result. */
public final class ReportFile {
    private static final int MAX_BYTES = 256 << 20;

    private ReportFile() {}

    /** Whether an argument is a folder; any other is the beginning of a job's id. */
    public static boolean isFolder(String result) {
        return result.contains("/") || Files.isDirectory(Path.of(result));
    }

    public static boolean isIn(Path folder) {
        return Files.isRegularFile(folder.resolve(Report.NAME));
    }

    /** @throws QuernException OUTPUT_DAMAGED when there is none, or it cannot be read */
    public static Report read(Path folder) {
        Path file = folder.resolve(Report.NAME);
        try {
            return RecordCodec.read(
                    Json.parse(Files.readAllBytes(file), MAX_BYTES), Report.class, ErrorCode.OUTPUT_DAMAGED);
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.OUTPUT_DAMAGED, file + ": cannot be read (expected: the folder of a result)", e);
        } catch (JsonException e) {
            throw e.in(file.toString(), ErrorCode.OUTPUT_DAMAGED);
        }
    }
}
