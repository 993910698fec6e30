package dev.quern.control;

import dev.quern.contract.Inspection;
import dev.quern.contract.JobRef;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.Cancellation;
import dev.quern.engine.calibration.Datasets;
import dev.quern.engine.calibration.TextFile;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.calibration.Tokenizer;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelDigest;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputFormats;
import dev.quern.engine.format.PackedGrid;
import dev.quern.engine.method.LinearCompressor;
import dev.quern.engine.model.Architecture;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.SweepLock;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads everything that a job was given, cheap checks first; nothing is stored before all of it is found good.
 *
 * @param sweeps what ran before this job was seen is over before it looks into the store
 */
record Inspector(
        JobContexts contexts, JobSources sources, OutputPlaces places, ScratchFolders scratch, SweepLock sweeps) {
    private record Texts(TokenWindows calibration, List<TokenWindows> evaluations) {}

    Inspection inspect(JobRef ref, LongConsumer bytes, Cancellation cancellation) throws IOException {
        JobContext job = contexts.of(ref);
        sweeps.pass();
        for (JobOutput output : job.row().outputs()) {
            places.requireFree(job.row(), output);
        }
        try (JobSources.Found found = sources.find(job)) {
            Checkpoint checkpoint = found.source().checkpoint();
            Architecture architecture = found.source().architecture();
            requireFit(job, architecture);
            Texts texts = texts(job, checkpoint, architecture);
            ModelDigest digest = ModelDigest.of(checkpoint, scratch.digests(), bytes, cancellation);
            String stamp = sources.stamp(job, found);
            return new Inspection(
                    digest.digest(),
                    stamp,
                    contexts.store(job, texts.calibration()),
                    texts.evaluations().stream()
                            .map(windows -> contexts.store(job, windows))
                            .toList(),
                    job.workerClass());
        }
    }

    private static void requireFit(JobContext job, Architecture architecture) {
        for (int output = 0; output < job.recipes().size(); output++) {
            Recipe recipe = job.recipes().get(output);
            OutputFormat format = OutputFormats.of(job.format(output));
            PackedGrid grid = PackedGrid.of(recipe.grid());
            architecture.program().linears().forEach(linear -> {
                LinearCompressor.requireFit(recipe, linear.name(), linear.cols());
                format.requireAccepted(linear.name(), linear.rows(), linear.cols(), grid);
            });
        }
    }

    private Texts texts(JobContext job, Checkpoint checkpoint, Architecture architecture) throws IOException {
        JobRequest.Calibration calibration =
                Objects.requireNonNullElse(job.request().calibration(), JobRequest.Calibration.of(null, null, null));
        List<JobRequest.Evaluation> asked = job.request().evaluation();
        if (asked.isEmpty()) {
            asked = List.of(JobRequest.Evaluation.of(null, null, null));
        }
        Path copies = scratch.of(job.id()).resolve("texts");
        try (Tokenizer tokenizer = Tokenizer.open(checkpoint)) {
            Datasets datasets = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions());
            TokenWindows windows = datasets.calibration(
                    file(job, calibration.text(), copies), calibration.samples(), calibration.seqLen());
            List<TokenWindows> evaluations = new ArrayList<>();
            for (JobRequest.Evaluation evaluation : asked) {
                TextFile file = file(job, evaluation.text(), copies);
                evaluations.add(datasets.evaluation(file, evaluation.windows(), evaluation.seqLen()));
            }
            return new Texts(windows, evaluations);
        } finally {
            ScratchFolders.delete(copies);
        }
    }

    private @Nullable TextFile file(JobContext job, JobRequest.@Nullable Source text, Path copies) throws IOException {
        return text == null ? null : sources.text(job, text, copies);
    }
}
