package dev.quern.control.reading;

import dev.quern.contract.SourceStamp;
import dev.quern.engine.calibration.Datasets;
import dev.quern.engine.calibration.TokenWindows;
import dev.quern.engine.calibration.Tokenizer;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputFormats;
import dev.quern.engine.format.PackedGrids;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Source;
import dev.quern.inputs.Sources;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Reads what it is asked about. Errors are those of {@link Source#open}, {@link Tokenizer#open}, {@link Datasets} and
 * {@link dev.quern.engine.plan.Planner}.
 *
 * @param listener receives the name of each file before it is read
 */
record Answers(Sources sources, Consumer<Word> listener) {
    JsonValue to(Question question) throws IOException {
        listener.accept(
                new Word.Reads(ErrorCode.INVALID_CHECKPOINT, question.place().location()));
        try (Source source = open(question.place())) {
            return RecordCodec.write(
                    switch (question) {
                        case Question.InspectSource inspect -> inspect(inspect, source);
                        case Question.PlanJob plan -> source.plan(plan.workload(), plan.budget(), plan.fanout());
                        case Question.EstimateJob estimate -> {
                            Workload workload = Workload.beforehand(
                                    estimate.recipes(),
                                    source.architecture(),
                                    estimate.calibration(),
                                    estimate.evaluations());
                            yield source.estimate(workload, estimate.budget(), estimate.fanout());
                        }
                    });
        }
    }

    private Source open(Place place) {
        if (place.stamp() != null) {
            return sources.open(place.location(), place.stamp());
        }
        return place.pinned() == null ? Source.open(Path.of(place.location())) : sources.open(place.pinned());
    }

    private Inspected inspect(Question.InspectSource asked, Source source) throws IOException {
        requireFit(asked, source.architecture());
        List<String> files = source.checkpoint().files();
        String location = asked.place().location();
        String stamp = asked.place().pinned() == null ? SourceStamp.of(Path.of(location), files) : null;
        List<String> evaluations = new ArrayList<>();
        for (int i = 0; i < asked.evaluations().size(); i++) {
            evaluations.add("evaluation-" + i);
        }
        Inspected found = new Inspected(files, stamp, "calibration", evaluations);
        cut(asked, source, found);
        return found;
    }

    private static void requireFit(Question.InspectSource asked, Architecture architecture) {
        for (int output = 0; output < asked.recipes().size(); output++) {
            OutputFormat format = OutputFormats.of(asked.formats().get(output));
            PackedGrids grids = PackedGrids.of(asked.recipes().get(output), architecture);
            for (LinearSpec linear : architecture.program().linears()) {
                if (grids.holds(linear.name())) {
                    format.requireAccepted(linear.name(), linear.rows(), linear.cols(), grids.of(linear.name()));
                }
            }
        }
    }

    private void cut(Question.InspectSource asked, Source source, Inspected into) throws IOException {
        Architecture architecture = source.architecture();
        Path folder = Files.createDirectories(Path.of(asked.folder()));
        String file = asked.place().location() + "/tokenizer.json";
        listener.accept(new Word.Reads(ErrorCode.INVALID_CHECKPOINT, file));
        try (Tokenizer tokenizer = Tokenizer.open(source.checkpoint())) {
            Datasets datasets = new Datasets(tokenizer, architecture.vocabulary(), architecture.maxPositions());
            Text calibration = asked.calibration();
            tell(file, calibration);
            write(
                    folder.resolve(into.calibration()),
                    datasets.calibration(calibration.file(), calibration.windows(), calibration.seqLen()));
            for (int i = 0; i < asked.evaluations().size(); i++) {
                Text text = asked.evaluations().get(i);
                tell(file, text);
                write(
                        folder.resolve(into.evaluations().get(i)),
                        datasets.evaluation(text.file(), text.windows(), text.seqLen()));
            }
        }
    }

    private void tell(String tokenizer, Text text) {
        listener.accept(new Word.Reads(ErrorCode.INVALID_CHECKPOINT, tokenizer + " on " + text.called()));
    }

    private static void write(Path file, TokenWindows windows) throws IOException {
        Files.write(file, windows.bytes());
    }
}
