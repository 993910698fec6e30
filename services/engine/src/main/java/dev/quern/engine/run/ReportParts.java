package dev.quern.engine.run;

import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.evaluation.CountingReader;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TokenWindows;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Loading;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.ErrorStart;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.NextRecipe;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The parts of a quality report as the engine knows them. */
public final class ReportParts {
    private static final String RECOMMENDATION =
            "Use calibration text that resembles your production traffic: the built-in text is old public-domain English.";

    private ReportParts() {}

    /** Where the calibration text comes from, with a recommendation where the user gave none of their own. */
    public static Report.Calibration calibration(TokenWindows windows) {
        return new Report.Calibration(
                Figures.leaf(windows.source()),
                windows.count(),
                windows.seqLen(),
                windows.size(),
                windows.digest(),
                windows.source().equals(Datasets.BUILT_IN) ? RECOMMENDATION : null);
    }

    /** For a recipe that reads no text. */
    public static Report.Calibration noCalibration() {
        return new Report.Calibration("none", 0, 0, 0, "", null);
    }

    public static Report.Plan plan(Plan plan, ComputeBackend backend) {
        return plan(plan, backend.numericProfile(), backend.description());
    }

    /**
     * @param profile numeric profile of the workers
     * @param backend what they computed with
     */
    public static Report.Plan plan(Plan plan, String profile, String backend) {
        return new Report.Plan(
                plan.tiling().tokensPerTile(),
                plan.segments().size(),
                profile,
                backend,
                plan.needs().peakBytes(),
                plan.needs().scratchBytes(),
                plan.outputBytes());
    }

    /** All linears of all blocks. */
    public static List<Report.Linear> linears(StoredBlocks blocks) {
        List<Report.Linear> linears = new ArrayList<>();
        for (int block = 0; block < blocks.source().architecture().blocks().size(); block++) {
            String prefix = blocks.source().architecture().blocks().get(block).prefix();
            for (LinearRecord linear : blocks.records(block)) {
                linears.add(linear(block, new LinearId(prefix, linear.name()), linear));
            }
        }
        return linears;
    }

    public static Report.Linear linear(int block, LinearId id, LinearRecord linear) {
        return new Report.Linear(
                block,
                id.module(),
                linear.rows(),
                linear.cols(),
                linear.bits(),
                linear.groupSize(),
                linear.figures(),
                linear.seconds());
    }

    public static Report.Evaluation evaluation(TokenWindows text, EvaluationFigures figures) {
        return new Report.Evaluation(
                Figures.leaf(text.source()),
                figures.pplOriginal(),
                figures.pplCompressed(),
                figures.klMean(),
                figures.klP99(),
                figures.top1(),
                figures.tokens(),
                text.seqLen(),
                text.digest(),
                figures.blockErrors(),
                linearErrors(figures));
    }

    private static @Nullable List<Report.LinearError> linearErrors(EvaluationFigures figures) {
        return figures.linearErrors().isEmpty()
                ? null
                : figures.linearErrors().entrySet().stream()
                        .map(linear -> new Report.LinearError(linear.getKey(), linear.getValue()))
                        .toList();
    }

    /**
     * Where a text was too short for what was asked of it.
     *
     * @param use of the text, for people
     * @param asked windows
     */
    public static Optional<String> shortText(String use, TokenWindows text, int asked) {
        return text.count() >= asked
                ? Optional.empty()
                : Optional.of("%s: %d of %d windows of %d tokens: %s has no more text"
                        .formatted(use, text.count(), asked, text.seqLen(), Figures.leaf(text.source())));
    }

    /**
     * That a text had chats, and how they were read.
     *
     * @param use of the text, for people
     */
    public static Optional<String> chats(String use, TokenWindows text) {
        return Optional.ofNullable(text.template())
                .map(template -> "%s: chats of %s were read through the model's chat template, %s"
                        .formatted(use, Figures.leaf(text.source()), template));
    }

    /** That the figures are those of an engine that rounds activations, where the recipe says so. */
    public static Optional<String> activations(@Nullable Recipe recipe) {
        return recipe == null || recipe.activations() == null
                ? Optional.empty()
                : Optional.of("activations: " + recipe.activations().note());
    }

    /** A calibration text that was named for a recipe that reads none. */
    public static String unusedText(TokenWindows text, Recipe recipe) {
        return "calibration: %s was not used: %s reads no calibration text"
                .formatted(Figures.leaf(text.source()), recipe.name());
    }

    /** Where the original does not understand a text, whose figures then say little. */
    public static Optional<String> implausible(Report.Evaluation evaluation, TokenWindows text, int vocabulary) {
        if (!Double.isFinite(evaluation.pplOriginal())) {
            return Optional.of(evaluation.file() + ": the original itself has no finite perplexity on this text, so the"
                    + " figures do not say what compression cost");
        }
        return CountingReader.isMuchBetter(text, vocabulary, evaluation.pplOriginal())
                ? Optional.of(("%s: perplexity %.4g of the original: this model does not read this text well:"
                                + " wrong tokenizer, wrong head or wrong rope?")
                        .formatted(evaluation.file(), evaluation.pplOriginal()))
                : Optional.empty();
    }

    /**
     * Where the error of a result starts that is not close to its original, and what to try next where its gate refused
     * it or it is broken.
     *
     * @param linears of the result; none where they are not known
     * @param recipe null where it is not known
     */
    public static List<String> diagnosis(
            Report.Verdict verdict,
            List<Report.Evaluation> evaluations,
            List<Report.Linear> linears,
            @Nullable Recipe recipe) {
        List<String> notes = new ArrayList<>();
        Optional<ErrorStart> start = ErrorStart.of(evaluations, linears);
        if (!verdict.accepted() || Closeness.of(evaluations) != Closeness.CLOSE) {
            start.map(ErrorStart::sentence).ifPresent(notes::add);
        }
        boolean far = !verdict.accepted() || Closeness.of(evaluations) == Closeness.BROKEN;
        if (far && recipe != null) {
            NextRecipe.after(recipe, evaluations, linears, start)
                    .map(NextRecipe::sentence)
                    .ifPresent(notes::add);
        }
        return notes;
    }

    /**
     * What a reader of the report should not miss: how the result is loaded, and which linears went wrong.
     *
     * @param format of the result
     */
    public static List<String> notes(String format, GridMap grids, Recipe recipe, List<Report.Linear> linears) {
        List<String> notes =
                new ArrayList<>(Loading.notes(format, grids.packing().after(recipe.transform())));
        List<GridMap.Group> groups = grids.groups();
        if (groups.size() > 1) {
            groups.forEach(group -> notes.add(words(group.grid()) + " in " + String.join(", ", group.names())));
        }
        if (!grids.kept().isEmpty()) {
            notes.add("not compressed: " + String.join(", ", grids.kept()));
        }
        twoSided(linears).ifPresent(notes::add);
        for (Report.Linear linear : linears) {
            LinearFigures figures = linear.figures();
            if (figures.fallback() != null) {
                notes.add(linear.name() + ": rounded to nearest, " + figures.fallback());
            } else if (figures.retries() > 0) {
                notes.add("%s: damping raised to %.3g in %d steps, the calibration text may be too short"
                        .formatted(linear.name(), figures.damping(), figures.retries()));
            }
            if (figures.deadColumns() > 0) {
                notes.add(
                        "%s: %d of %d inputs were zero on the whole calibration text, their weights are rounded to nearest"
                                .formatted(linear.name(), figures.deadColumns(), linear.cols()));
            }
        }
        return notes;
    }

    /** How far the choice between one side and two went. */
    private static Optional<String> twoSided(List<Report.Linear> linears) {
        List<LinearFigures.TwoSided> choices = linears.stream()
                .map(linear -> linear.figures().twoSided())
                .filter(Objects::nonNull)
                .toList();
        if (choices.isEmpty()) {
            return Optional.empty();
        }
        long kept = choices.stream().filter(choice -> choice.kept() != null).count();
        double logarithm = choices.stream()
                .filter(choice -> choice.oneSided() > 0 && choice.error() > 0)
                .mapToDouble(choice -> Math.log(choice.error() / choice.oneSided()))
                .average()
                .orElse(0);
        return Optional.of(
                ("%d of %d linears are rounded by both of their sides, which lowers the error on windows held out by"
                                + " %.0f %% on average")
                        .formatted(kept, choices.size(), 100 * (1 - Math.exp(logarithm))));
    }

    private static String words(IntegerShape grid) {
        return grid.bits() + " bits"
                + (grid.symmetric() ? "" : " asymmetric")
                + (grid.groupSize() == 0 ? ", one scale per row," : ", groups of " + grid.groupSize() + " columns");
    }
}
