package dev.quern.control.reading.answer;

import dev.quern.control.reading.message.Inspected;
import dev.quern.control.reading.message.InspectedResult;
import dev.quern.control.reading.message.ModelFiles;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Word;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Source;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.inputs.Sources;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.nio.file.Path;
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
                        case Question.InspectResult inspect -> inspect(inspect, source);
                        case Question.PlanJob plan -> source.plan(plan.workload(), plan.budget(), plan.fanout());
                        case Question.EstimateJob estimate -> {
                            Workload workload = Workload.beforehand(
                                    estimate.recipes(),
                                    estimate.formats(),
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
        Texts texts = new Texts(asked.place(), source, Path.of(asked.folder()), listener);
        String calibration = "calibration";
        List<String> evaluations = texts.cut(asked.evaluations(), calibration, asked.calibration());
        return new Inspected(ModelFiles.of(source.checkpoint(), asked.place()), calibration, evaluations);
    }

    private InspectedResult inspect(Question.InspectResult asked, Source source) throws IOException {
        Place place = asked.result();
        listener.accept(new Word.Reads(ErrorCode.INVALID_CHECKPOINT, place.location()));
        try (CompressedCheckpoint result = openResult(place)) {
            result.requireResultOf(source.architecture());
            Texts texts = new Texts(asked.place(), source, Path.of(asked.folder()), listener);
            List<String> evaluations = texts.cut(asked.evaluations(), null, null);
            texts.requireSameTokens(place, result.checkpoint(), asked.evaluations());
            ResultDocuments documents = new ResultDocuments(result);
            return new InspectedResult(
                    ModelFiles.of(source.checkpoint(), asked.place()),
                    ModelFiles.of(result.checkpoint(), place),
                    evaluations,
                    result.weights(),
                    result.bitsPerWeight(),
                    documents.recipe(),
                    documents.calibration(),
                    documents.original(),
                    documents.manifest());
        }
    }

    /** Errors say that it is the result: the original has files of the same names. */
    private CompressedCheckpoint openResult(Place place) {
        try {
            return place.pinned() == null
                    ? CompressedCheckpoint.open(Path.of(place.location()))
                    : sources.openResult(place.pinned());
        } catch (QuernException e) {
            throw new QuernException(e.code(), "result: " + e.getMessage(), e);
        }
    }

    private static void requireFit(Question.InspectSource asked, Architecture architecture) {
        for (int output = 0; output < asked.recipes().size(); output++) {
            OutputFormat format = OutputFormats.of(asked.formats().get(output));
            GridMap grids = GridMap.of(asked.recipes().get(output), architecture);
            RecipeFit.modules(architecture)
                    .forEach(module -> grids.of(module.id())
                            .ifPresent(grid -> format.requireAccepted(
                                    module.id(),
                                    module.linear().rows(),
                                    module.linear().cols(),
                                    grid)));
        }
    }
}
