package dev.quern.engine.convert;

import dev.quern.engine.fit.GridMap;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Loading;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.drawing.ReportPage;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a converted result says of itself: the report of its source, with its own sizes, digest and format, and the
 * recipe. The model card stays behind: it says how the source is loaded.
 */
final class ConvertedReports {
    private ConvertedReports() {}

    /**
     * By file name, in the order in which they are published; none where the source has none.
     *
     * @param from the folder of the source, which was verified
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for a report that cannot be read
     */
    static Map<String, byte[]> of(Path from, Verification written, GridMap grids) throws IOException {
        Map<String, byte[]> files = new LinkedHashMap<>();
        Path report = from.resolve(Report.NAME);
        if (Files.isRegularFile(report)) {
            Report converted = converted(read(report), written, grids);
            files.put(Report.NAME, bytes(Json.writePretty(RecordCodec.write(converted)) + "\n"));
            files.put(ReportPage.FILE, bytes(ReportPage.render(converted)));
        }
        Path recipe = from.resolve(Recipe.FILE);
        if (Files.isRegularFile(recipe)) {
            files.put(Recipe.FILE, Files.readAllBytes(recipe));
        }
        return files;
    }

    private static Report read(Path file) throws IOException {
        try {
            return RecordCodec.read(Json.parse(Files.readAllBytes(file)), Report.class, ErrorCode.OUTPUT_DAMAGED);
        } catch (JsonException e) {
            throw e.in(file.toString(), ErrorCode.OUTPUT_DAMAGED);
        }
    }

    private static Report converted(Report report, Verification written, GridMap grids) {
        Report.Sizes sizes = new Report.Sizes(
                report.sizes().sourceBytes(), written.bytes(), written.weights(), written.bitsPerWeight());
        List<String> notes = new ArrayList<>(Loading.notes(written.format(), grids.packing()));
        report.notes().stream().filter(note -> !Loading.isNote(note)).forEach(notes::add);
        return report.converted(written.format(), written.outputDigest(), sizes, notes);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
