package dev.quern.control;

import dev.quern.contract.Inspection;
import dev.quern.contract.JobRef;
import dev.quern.contract.SourceStamp;
import dev.quern.control.JobContexts.JobContext;
import dev.quern.engine.Cancellation;
import dev.quern.engine.calibration.Datasets;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.calibration.Tokenizer;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelDigest;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputFormats;
import dev.quern.engine.format.PackedGrid;
import dev.quern.engine.method.LinearCompressor;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.run.Source;
import dev.quern.recipes.JobRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Reads everything that a job was given, cheap checks first; nothing is stored before all of it is found good. */
record Inspector(JobContexts contexts, ScratchFolders scratch) {
    private record Texts(TokenWindows calibration, List<TokenWindows> evaluations) {}

    Inspection inspect(JobRef ref, LongConsumer bytes, Cancellation cancellation) {
        JobContext job = contexts.of(ref);
        try (Source source = Source.open(job.source())) {
            Checkpoint checkpoint = source.checkpoint();
            Architecture architecture = source.architecture();
            requireFit(job, architecture);
            String stamp = SourceStamp.of(job.source(), checkpoint.files());
            Texts texts = texts(job, architecture);
            ModelDigest digest = ModelDigest.of(checkpoint, scratch.digests(), bytes, cancellation);
            SourceStamp.require(stamp, job.source(), checkpoint.files());
            return new Inspection(
                    digest.digest(),
                    stamp,
                    contexts.store(job, texts.calibration()),
                    texts.evaluations().stream()
                            .map(windows -> contexts.store(job, windows))
                            .toList());
        }
    }

    private static void requireFit(JobContext job, Architecture architecture) {
        OutputFormat format = OutputFormats.of(job.format());
        PackedGrid grid = PackedGrid.of(job.recipe().grid());
        architecture.program().linears().forEach(linear -> {
            LinearCompressor.requireFit(job.recipe(), linear.name(), linear.cols());
            format.requireAccepted(linear.name(), linear.rows(), linear.cols(), grid);
        });
    }

    private static Texts texts(JobContext job, Architecture architecture) {
        JobRequest request = job.request();
        JobRequest.Calibration calibration = request.calibration();
        try (Tokenizer tokenizer = Tokenizer.open(job.source())) {
            Datasets datasets = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions());
            TokenWindows windows = calibration == null
                    ? datasets.calibration(null, null, null)
                    : datasets.calibration(path(calibration.path()), calibration.samples(), calibration.seqLen());
            return new Texts(windows, evaluations(request, datasets));
        }
    }

    private static List<TokenWindows> evaluations(JobRequest request, Datasets datasets) {
        if (request.evaluation().isEmpty()) {
            return List.of(datasets.evaluation(null, null, null));
        }
        List<TokenWindows> evaluations = new ArrayList<>();
        for (JobRequest.Evaluation evaluation : request.evaluation()) {
            evaluations.add(datasets.evaluation(path(evaluation.path()), evaluation.windows(), evaluation.seqLen()));
        }
        return evaluations;
    }

    private static @Nullable Path path(@Nullable String path) {
        return path == null ? null : Path.of(path);
    }
}
