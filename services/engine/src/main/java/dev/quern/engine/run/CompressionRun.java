package dev.quern.engine.run;

import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.GradientWalk;
import dev.quern.engine.calibration.TraceWalk;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.model.Model;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.engine.statistics.SketchPlan;
import dev.quern.engine.text.Datasets;
import dev.quern.engine.text.TextFile;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Transform;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A whole compression in this process: the same steps as the service takes, without its durability of jobs. What was
 * made stays in the workplace's folder, so a run that was stopped continues from there. Confined to its backend's
 * thread.
 */
public final class CompressionRun {
    private final ComputeBackend backend;
    private final CompressionRequest request;
    private final Workplace place;
    private final Stopwatch stages = new Stopwatch();
    /** As the model takes it, once that is open. */
    private Recipe recipe;

    public CompressionRun(ComputeBackend backend, CompressionRequest request, Workplace place) {
        this.backend = backend;
        this.request = request;
        this.recipe = request.recipe();
        this.place = place;
    }

    /** The texts of a run. */
    private record Texts(TokenWindows calibration, List<TokenWindows> evaluations) {
        long evaluationTokens() {
            return evaluations.stream().mapToLong(TokenWindows::size).sum();
        }
    }

    /**
     * Compresses, writes the output, reads it back, and compares the model with its original.
     *
     * @throws dev.quern.recipes.error.QuernException as the steps do
     */
    public Report run() {
        try (Source source = Source.open(request.model())) {
            recipe = source.resolve(List.of(recipe)).getFirst();
            ModelDigest digest = stages.time(
                    "inspect", () -> ModelDigest.of(source.checkpoint(), null, bytes -> {}, place.cancellation()));
            Texts texts = stages.time("inspect", () -> texts(source));
            Plan plan = stages.time("plan", () -> plan(source, texts));
            Provenance provenance = new Provenance(
                    digest.digest(),
                    recipe,
                    texts.calibration().digest(),
                    plan.tiling().windowsPerTile(),
                    backend.numericProfile());
            StoredBlocks blocks = new StoredBlocks(source, provenance, new FolderBlockStore(place.artifacts()));
            WalkInputs inputs = inputs(source, texts.calibration(), blocks);
            if (!plan.traceRuns().isEmpty()) {
                stages.run("trace", () -> trace(inputs, plan, blocks));
            }
            Plan.Gradients gradients = plan.gradients();
            if (gradients != null) {
                stages.run("gradient", () -> gradients(inputs, gradients, blocks));
            }
            stages.run("compress", () -> compress(inputs, plan, blocks));
            Assembly assembly = blocks.assembly();
            Assembled assembled = stages.time("assemble", () -> assemble(assembly));
            Verification verification = stages.time("verify", () -> verify(assembly, assembled));
            List<Report.Evaluation> figures = stages.time("evaluate", () -> evaluate(source, texts, blocks));
            return report(source, digest, texts, plan, blocks, verification, figures);
        }
    }

    private Texts texts(Source source) {
        try (Tokenizer tokenizer = Tokenizer.open(source.checkpoint())) {
            Datasets datasets = new Datasets(
                    tokenizer,
                    source.architecture().vocabulary(),
                    source.architecture().maxPositions());
            Text text = request.calibration();
            TokenWindows calibration =
                    datasets.calibration(file(text), Datasets.windows(text.windows(), List.of(recipe)), text.seqLen());
            List<TokenWindows> evaluations = new ArrayList<>();
            for (Text evaluation : request.evaluations()) {
                evaluations.add(datasets.evaluation(file(evaluation), evaluation.windows(), evaluation.seqLen()));
            }
            return new Texts(calibration, evaluations);
        }
    }

    private static @Nullable TextFile file(Text text) {
        return text.file() == null ? null : TextFile.of(text.file());
    }

    private Plan plan(Source source, Texts texts) {
        Workload workload = new Workload(
                recipe, texts.calibration().count(), texts.calibration().seqLen(), texts.evaluationTokens());
        return source.plan(workload, place.budget(), place.fanout());
    }

    private WalkInputs inputs(Source source, TokenWindows text, StoredBlocks blocks) {
        Model model = blocks.model();
        return new WalkInputs(
                model.architecture(), model.weights(backend), source.storedType(), text, blocks.provenance());
    }

    private void trace(WalkInputs inputs, Plan plan, StoredBlocks blocks) {
        for (TileRun run : plan.traceRuns()) {
            TraceWalk.walk(backend, inputs, blocks.store(), options(plan), run, plan.streamStarts());
        }
    }

    private void gradients(WalkInputs inputs, Plan.Gradients gradients, StoredBlocks blocks) {
        SketchPlan sketches = inputs.sketches().orElseThrow();
        WalkOptions options =
                new WalkOptions(place.scratch(), gradients.sumsBytes(), place.listener(), place.cancellation());
        for (TileRun run : gradients.runs()) {
            for (Slice segment : gradients.segments().reversed()) {
                try (GradientWalk walk = GradientWalk.open(
                        backend, inputs, sketches.seed(), sketches.spec(), blocks.store(), options, run, segment)) {
                    while (walk.hasNext()) {
                        walk.next();
                    }
                    walk.rest();
                }
            }
        }
    }

    private void compress(WalkInputs inputs, Plan plan, StoredBlocks blocks) {
        for (Slice segment : plan.segments()) {
            try (BlockWalk walk = BlockWalk.open(backend, inputs, blocks.store(), options(plan), segment)) {
                while (walk.hasNext()) {
                    walk.next();
                }
            }
        }
    }

    private WalkOptions options(Plan plan) {
        return new WalkOptions(place.scratch(), plan.needs().statisticsBytes(), place.listener(), place.cancellation());
    }

    /** The one for loaders, unless they could not run the result. */
    private OutputFormat format() {
        return OutputFormats.of(
                Transform.isOnline(recipe.transform()) ? Formats.QUERN_SPARSE : Formats.COMPRESSED_TENSORS);
    }

    private Assembled assemble(Assembly assembly) {
        return format().write(assembly, place.output(), bytes -> {}, place.cancellation());
    }

    private Verification verify(Assembly assembly, Assembled assembled) {
        return OutputVerifier.verifyAssembled(
                format(), place.output(), assembled, assembly, bytes -> {}, place.cancellation());
    }

    private List<Report.Evaluation> evaluate(Source source, Texts texts, StoredBlocks blocks) {
        Evaluator evaluator =
                new Evaluator(backend, source.architecture(), source.model().weights(backend), place.scratch());
        List<Report.Evaluation> evaluations = new ArrayList<>();
        for (TokenWindows text : texts.evaluations()) {
            TokenFigures figures =
                    evaluator.evaluate(text, blocks.decoded(backend), Progress.NONE, place.cancellation());
            evaluations.add(ReportParts.evaluation(text, EvaluationFigures.reduce(List.of(figures))));
        }
        return evaluations;
    }

    private Report report(
            Source source,
            ModelDigest digest,
            Texts texts,
            Plan plan,
            StoredBlocks blocks,
            Verification verification,
            List<Report.Evaluation> evaluations) {
        List<Report.Linear> linears = ReportParts.linears(blocks);
        Report.Verdict verdict = GateCheck.judge(request.gate(), evaluations);
        List<String> notes = new ArrayList<>(ReportParts.diagnosis(verdict, evaluations, linears, recipe));
        notes.addAll(notes(source, texts, linears));
        return new Report(
                new Report.Head(Report.SCHEMA, "in-process", null, null),
                new Report.Model(
                        Figures.leaf(request.model().toString()),
                        digest.digest(),
                        verification.outputDigest(),
                        source.architecture().modelType(),
                        source.architecture().blocks().size(),
                        source.parameters(),
                        format().name()),
                recipe,
                recipe.needsCalibration() ? ReportParts.calibration(texts.calibration()) : ReportParts.noCalibration(),
                ReportParts.plan(plan, backend),
                linears,
                evaluations,
                new Report.Sizes(
                        source.checkpoint().tensorBytes(),
                        verification.bytes(),
                        plan.needs().weightsCompressed(),
                        verification.bitsPerWeight()),
                new Report.Times(stages.seconds(), Map.of()),
                new Report.Origin(Map.of("java", Runtime.version().toString()), List.of()),
                verdict,
                notes);
    }

    private List<String> notes(Source source, Texts texts, List<Report.Linear> linears) {
        List<String> notes = new ArrayList<>(
                ReportParts.notes(format().name(), GridMap.of(recipe, source.architecture()), recipe, linears));
        ReportParts.activations(recipe).ifPresent(notes::add);
        notes.addAll(Account.of(source).remarks());
        if (recipe.needsCalibration()) {
            ReportParts.chats("calibration", texts.calibration()).ifPresent(notes::add);
        }
        texts.evaluations()
                .forEach(text -> ReportParts.chats("evaluation", text).ifPresent(notes::add));
        return notes;
    }
}
