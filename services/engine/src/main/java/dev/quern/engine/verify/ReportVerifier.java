package dev.quern.engine.verify;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.report.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks the folder of an evaluation: it holds a report, and not the result that was evaluated. */
public final class ReportVerifier {
    private ReportVerifier() {}

    /**
     * Whether a folder has a manifest that names nothing but reports.
     *
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED as {@link Manifests#read}
     */
    public static boolean isEvaluation(Path folder) {
        return Manifests.read(folder).files().stream().allMatch(file -> Manifests.isReport(file.name()));
    }

    /**
     * Compares every file with the manifest, and the report's digest of the result with that of the manifest.
     *
     * @return the report
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED that names the file, the value and what was
     *     expected
     */
    public static Report verify(Path folder) {
        Manifest manifest = Manifests.read(folder);
        OutputVerifier.checkFiles(folder, manifest);
        for (Manifest.File file : manifest.files()) {
            OutputVerifier.requireDigest(file, Digests.sha256(read(folder, file.name())));
        }
        Report report = report(read(folder, Report.NAME));
        if (!report.model().outputDigest().equals(manifest.outputDigest())) {
            throw damaged("%s: model.outputDigest: %s (expected: %s, as %s says)"
                    .formatted(Report.NAME, report.model().outputDigest(), manifest.outputDigest(), Manifest.NAME));
        }
        return report;
    }

    private static Report report(byte[] json) {
        try {
            return RecordCodec.read(Json.parse(json), Report.class, ErrorCode.OUTPUT_DAMAGED);
        } catch (JsonException e) {
            throw e.in(Report.NAME, ErrorCode.OUTPUT_DAMAGED);
        }
    }

    private static byte[] read(Path folder, String name) {
        try {
            return Files.readAllBytes(folder.resolve(name));
        } catch (IOException e) {
            throw damaged(name + ": " + e + " (expected: a readable file)");
        }
    }
}
