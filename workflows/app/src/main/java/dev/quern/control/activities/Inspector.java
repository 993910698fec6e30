package dev.quern.control.activities;

import dev.quern.contract.JobRef;
import dev.quern.contract.plan.EvaluatedResult;
import dev.quern.contract.plan.Inspection;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.JobSources;
import dev.quern.control.job.OutputPlaces;
import dev.quern.control.job.ScratchFolders;
import dev.quern.control.reading.Readings;
import dev.quern.control.reading.message.Inspected;
import dev.quern.control.reading.message.InspectedResult;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Text;
import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.run.Source;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TextFile;
import dev.quern.engine.text.TokenWindows;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.installation.SweepLock;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.report.Figures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Has everything read that a job was given; nothing is stored before all of it is found good.
 *
 * @param sweeps what ran before this job was seen is over before it looks into the store
 */
record Inspector(
        JobContexts contexts,
        JobSources sources,
        OutputPlaces places,
        ScratchFolders scratch,
        SweepLock sweeps,
        Readings readings) {
    Inspection inspect(JobRef ref, LongConsumer bytes, Cancellation cancellation) throws IOException {
        JobContext job = contexts.of(ref);
        sweeps.pass();
        for (JobOutput output : job.row().outputs()) {
            places.requireFree(job.row(), output);
        }
        Path folder = Files.createDirectories(scratch.of(job.id()).resolve("inspection"));
        try {
            return job.evaluates()
                    ? evaluation(job, folder, bytes, cancellation)
                    : compression(job, folder, bytes, cancellation);
        } finally {
            ScratchFolders.delete(folder);
        }
    }

    private Inspection compression(JobContext job, Path folder, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        Place place = sources.place(job.row().tenant(), job.request().source());
        Inspected found = readings.inspect(question(job, place, folder), () -> bytes.accept(1), cancellation);
        String stamp = sources.stamp(job, place, found.source());
        return new Inspection(
                digest(place, stamp, bytes, cancellation),
                stamp,
                windows(job, folder, found.calibration()),
                windows(job, folder, found.evaluations()),
                null,
                job.workerClass());
    }

    private Inspection evaluation(JobContext job, Path folder, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        JobRequest.Result asked = Objects.requireNonNull(job.request().result());
        Place place = sources.place(job.row().tenant(), job.request().source());
        Place result = sources.place(job.row().tenant(), asked);
        Question.InspectResult question =
                new Question.InspectResult(place, result, evaluations(job, folder), folder.toString());
        InspectedResult found = readings.inspectResult(question, () -> bytes.accept(1), cancellation);
        String stamp = sources.stamp(job, place, found.source());
        return new Inspection(
                digest(place, stamp, bytes, cancellation),
                stamp,
                null,
                windows(job, folder, found.evaluations()),
                contexts.store(job, result(job, result, found, bytes, cancellation)),
                job.workerClass());
    }

    private EvaluatedResult result(
            JobContext job, Place place, InspectedResult found, LongConsumer bytes, Cancellation cancellation) {
        JobRequest.Result asked = Objects.requireNonNull(job.request().result());
        String stamp = sources.stamp(job, place, found.result());
        try (CompressedCheckpoint result = sources.sources().openResult(place.location(), stamp)) {
            ModelDigest digest = ModelDigest.of(result.checkpoint(), scratch.digests(), bytes, cancellation);
            JobSources.requireSame(result.checkpoint(), place, stamp);
            if (found.manifest() != null) {
                CompressedCheckpoint.requireFiles(found.manifest(), digest.files());
            }
            return new EvaluatedResult(
                    place.location(),
                    asked.name() == null ? Figures.leaf(asked.location()) : asked.name(),
                    stamp,
                    digest.digest(),
                    digest.files().stream().mapToLong(FileDigest::size).sum(),
                    found.weights(),
                    found.bitsPerWeight(),
                    found.recipe(),
                    found.calibration(),
                    found.original());
        }
    }

    private Question.InspectSource question(JobContext job, Place place, Path folder) throws IOException {
        JobRequest.Calibration calibration =
                Objects.requireNonNullElse(job.request().calibration(), JobRequest.Calibration.of(null, null, null));
        return new Question.InspectSource(
                place,
                job.recipes(),
                IntStream.range(0, job.recipes().size()).mapToObj(job::format).toList(),
                Text.of(
                        file(job, calibration.text(), folder),
                        Datasets.windows(calibration.samples(), job.recipes()),
                        calibration.seqLen()),
                evaluations(job, folder),
                folder.toString());
    }

    private List<Text> evaluations(JobContext job, Path folder) throws IOException {
        List<JobRequest.Evaluation> asked = job.request().evaluation();
        if (asked.isEmpty()) {
            asked = List.of(JobRequest.Evaluation.of(null, null, null));
        }
        List<Text> evaluations = new ArrayList<>();
        for (JobRequest.Evaluation evaluation : asked) {
            evaluations.add(Text.of(file(job, evaluation.text(), folder), evaluation.windows(), evaluation.seqLen()));
        }
        return evaluations;
    }

    private @Nullable TextFile file(JobContext job, JobRequest.@Nullable Source text, Path copies) throws IOException {
        return text == null ? null : sources.text(job, text, copies);
    }

    /** Opens here what a reading process has found good. */
    private String digest(Place place, String stamp, LongConsumer bytes, Cancellation cancellation) {
        try (Source source = sources.sources().open(place.location(), stamp)) {
            String digest = ModelDigest.of(source.checkpoint(), scratch.digests(), bytes, cancellation)
                    .digest();
            JobSources.requireSame(source.checkpoint(), place, stamp);
            return digest;
        }
    }

    private List<String> windows(JobContext job, Path folder, List<String> names) throws IOException {
        List<String> keys = new ArrayList<>();
        for (String name : names) {
            keys.add(windows(job, folder, name));
        }
        return keys;
    }

    private String windows(JobContext job, Path folder, String name) throws IOException {
        return contexts.store(job, TokenWindows.of(Files.readAllBytes(folder.resolve(name))));
    }
}
