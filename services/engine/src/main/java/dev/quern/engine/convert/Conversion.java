package dev.quern.engine.convert;

import dev.quern.engine.Cancellation;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.verify.Manifests;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Writes a result in another format: the same codes, scales and zero points, and everything else as it is. What was
 * written is read back and compared before it has a manifest.
 */
public final class Conversion {
    private Conversion() {}

    /** What was read, and what was written. */
    public record Converted(Verification from, Verification to) {}

    /**
     * @param from the folder of a result
     * @param to an empty folder; after an error it has no manifest, and is no result
     * @param progress receives bytes as they are read and written, by any thread
     * @throws QuernException OUTPUT_DAMAGED for a source that does not verify, INVALID_REQUEST for one that has the
     *     format already or keeps too little to be converted, SHAPE_MISMATCH when the format cannot hold a linear
     */
    public static Converted convert(
            Path from, OutputFormat format, Path to, LongConsumer progress, Cancellation cancellation) {
        Verification found = OutputVerifier.verify(from, progress, cancellation);
        if (found.format().equals(format.name())) {
            throw refused(from + ": is in " + format.name() + " already (expected: a result in another format)");
        }
        try (OutputReader source = OutputFormats.open(from)) {
            Assembly assembly = source.assembly()
                    .orElseThrow(() -> refused(
                            from + ": is in " + found.format() + " (expected: a format that can be converted)"));
            Assembled assembled = format.write(assembly, to, progress, cancellation);
            Verification written =
                    OutputVerifier.verifyAssembled(format, to, assembled, assembly, progress, cancellation);
            Map<String, byte[]> reports = ConvertedReports.of(from, written, assembly.grids());
            writeReports(reports, to, assembled, written);
            return new Converted(found, written);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static QuernException refused(String message) {
        return new QuernException(ErrorCode.INVALID_REQUEST, message);
    }

    private static void writeReports(Map<String, byte[]> reports, Path to, Assembled assembled, Verification written)
            throws IOException {
        for (Map.Entry<String, byte[]> report : reports.entrySet()) {
            Files.write(to.resolve(report.getKey()), report.getValue());
        }
        List<String> names = assembled.inPublishOrder(new ArrayList<>(reports.keySet()));
        Manifest manifest = Manifests.of(written, reports, names);
        Files.write(to.resolve(Manifest.NAME), Manifests.write(manifest));
    }
}
