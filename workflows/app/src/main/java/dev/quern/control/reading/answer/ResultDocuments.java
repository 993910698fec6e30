package dev.quern.control.reading.answer;

import dev.quern.engine.fit.GridMap;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.verify.Manifests;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What Quern wrote about a result when it made it. A result of another tool has no such files. */
final class ResultDocuments {
    /** A report has some hundred bytes for each linear. */
    private static final int MAX_BYTES = 32 << 20;

    private final CompressedCheckpoint result;
    private final @Nullable Report report;

    ResultDocuments(CompressedCheckpoint result) {
        this.result = result;
        this.report = report();
    }

    /** Null where there is none that fits the tensors. */
    @Nullable
    Recipe recipe() {
        return report == null ? null : report.recipe();
    }

    /** Null where no recipe is known. Its recommendation was for the person who made the result. */
    Report.@Nullable Calibration calibration() {
        if (report == null) {
            return null;
        }
        Report.Calibration text = report.calibration();
        return new Report.Calibration(text.source(), text.windows(), text.seqLen(), text.tokens(), text.digest(), null);
    }

    /** The digest of the model that it was made from; null where no recipe is known. */
    @Nullable
    String original() {
        return report == null ? null : report.model().digest();
    }

    /**
     * With the files of the result alone; null where it has none.
     *
     * @throws QuernException OUTPUT_DAMAGED when it cannot be read
     */
    @Nullable
    Manifest manifest() {
        if (!result.checkpoint().hasFile(Manifest.NAME)) {
            return null;
        }
        Manifest manifest = Manifests.parse(result.checkpoint().read(Manifest.NAME, MAX_BYTES));
        Set<String> files = new HashSet<>(result.checkpoint().files());
        List<Manifest.File> own = manifest.files().stream()
                .filter(file -> files.contains(file.name()))
                .toList();
        return new Manifest(manifest.schema(), manifest.outputDigest(), own);
    }

    /** The report is no part of the model: one that cannot be read, or is another result's, says nothing. */
    private @Nullable Report report() {
        if (!result.checkpoint().hasFile(Report.NAME)) {
            return null;
        }
        try {
            Report read = RecordCodec.read(
                    Json.parse(result.checkpoint().read(Report.NAME, MAX_BYTES), MAX_BYTES), Report.class);
            return read.recipe() != null && fits(read.recipe()) ? read : null;
        } catch (QuernException e) {
            return null;
        }
    }

    private boolean fits(Recipe recipe) {
        GridMap grids = GridMap.of(recipe, result.architecture());
        return grids.linears().entrySet().stream()
                .allMatch(linear -> linear.getValue()
                        .equals(Optional.ofNullable(result.grids().get(linear.getKey()))));
    }
}
