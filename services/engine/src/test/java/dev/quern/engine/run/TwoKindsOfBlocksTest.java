package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.FolderBlockStore;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.backend.java.JavaBackend;
import dev.quern.engine.calibration.BlockWalk;
import dev.quern.engine.calibration.SharedBlock;
import dev.quern.engine.calibration.TraceWalk;
import dev.quern.engine.calibration.WalkInputs;
import dev.quern.engine.calibration.WalkListener;
import dev.quern.engine.calibration.WalkOptions;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.evaluation.EvaluationFigures;
import dev.quern.engine.evaluation.Evaluator;
import dev.quern.engine.evaluation.Progress;
import dev.quern.engine.evaluation.TokenFigures;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.EmbeddingSpec;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.Op;
import dev.quern.engine.model.RopeSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.engine.model.family.DenseBlock;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Plan;
import dev.quern.engine.plan.Planner;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.text.TokenWindows;
import dev.quern.engine.tiling.Slice;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.engine.tiling.TileRun;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.ClipSearch;
import dev.quern.recipes.Recipe.Gptq;
import dev.quern.recipes.Recipe.Grid;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Propagation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A model whose blocks alternate, as those of gemma and of mixtures of experts do: other widths, other norms, another
 * rope, and a linear that is never compressed. It goes all the way, from the plan to an evaluation.
 */
class TwoKindsOfBlocksTest {
    private static final int HIDDEN = 32;
    private static final int VOCABULARY = 64;
    private static final int SEQ_LEN = 16;
    private static final int WINDOWS = 6;
    private static final BlockProgram NARROW =
            new DenseBlock(HIDDEN, 48, 4, 2, 8, 1e-6, false, false, false, false).program();
    private static final BlockProgram WIDE =
            withRouter(new DenseBlock(HIDDEN, 96, 2, 2, 16, 1e-6, true, false, false, true).program());
    private static final Architecture MODEL = model(rope(8, 10_000), rope(16, 500));

    @TempDir
    Path folder;

    private final JavaBackend backend = new JavaBackend(DType.F32, 2);
    private Checkpoint checkpoint;
    private Source source;
    private TokenWindows windows;

    @BeforeEach
    void open() throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        write(folder.resolve("source"), random);
        checkpoint = Checkpoint.open(folder.resolve("source"));
        source = new Source(checkpoint, MODEL);
        int[] tokens = IntStream.range(0, WINDOWS * SEQ_LEN)
                .map(token -> random.nextInt(VOCABULARY))
                .toArray();
        windows = new TokenWindows("random", SEQ_LEN, tokens);
    }

    @AfterEach
    void close() {
        checkpoint.close();
        backend.close();
    }

    @Test
    void thePlanCountsEachKind() {
        Workload workload = new Workload(recipe(Propagation.INDEPENDENT), WINDOWS, SEQ_LEN, 64);
        Plan plan = Planner.plan(
                MODEL,
                checkpoint.tensorBytes(),
                2,
                workload,
                new Budget(1L << 32, 2, new DeviceSpeed(60e9, 1e9)),
                new Fanout(2, 2, 600));

        List<String> narrow = NARROW.linears().stream().map(l -> l.name()).toList();
        assertThat(plan.compressed())
                .hasSize(4)
                .satisfies(blocks -> assertThat(blocks.get(0)).isEqualTo(narrow).isEqualTo(blocks.get(2)))
                .satisfies(blocks -> assertThat(blocks.get(1))
                        .hasSize(6)
                        .doesNotContain("mlp.gate_proj")
                        .isEqualTo(blocks.get(3)));
        // q and o have one shape in both kinds.
        assertThat(plan.linears())
                .hasSize(7 + 6 - 2)
                .extracting(linear -> linear.uses().getFirst().times())
                .containsExactly(4, 2, 2, 4, 2, 2, 2, 2, 2, 2, 2);
        assertThat(plan.needs().weightsCompressed()).isEqualTo(2 * (weights(NARROW) + weights(WIDE)));
    }

    /** Segments start from traced streams, and each of them has both kinds. */
    @Test
    void segmentsGiveTheBlocksOfOneWalk() {
        Provenance provenance = provenance(Propagation.INDEPENDENT);
        FolderBlockStore whole = new FolderBlockStore(folder.resolve("whole"));
        FolderBlockStore parts = new FolderBlockStore(folder.resolve("parts"));
        walk(provenance, whole, new Slice(0, 4));
        List<Slice> segments = List.of(new Slice(0, 1), new Slice(1, 3), new Slice(3, 4));
        TraceWalk.walk(
                backend,
                inputs(provenance),
                parts,
                options(),
                TileRun.all(inputs(provenance).tiling()),
                List.of(1, 3));
        segments.forEach(segment -> walk(provenance, parts, segment));

        for (int block = 0; block < 4; block++) {
            assertSame(parts, whole, provenance.block(block));
        }
    }

    /** Workers that share blocks hand out as many units as the largest block has. */
    @Test
    void sharedBlocksGiveTheBlocksOfOneWalk() {
        Provenance provenance = provenance(Propagation.SEQUENTIAL);
        FolderBlockStore whole = new FolderBlockStore(folder.resolve("whole"));
        FolderBlockStore shared = new FolderBlockStore(folder.resolve("shared"));
        walk(provenance, whole, new Slice(0, 4));
        int units = Math.max(NARROW.units().size(), WIDE.units().size()) + 1;
        for (int block = 0; block < 4; block++) {
            SharedBlock steps = new SharedBlock(backend, inputs(provenance), shared, options(), block);
            int runs =
                    SumRuns.of(provenance.recipe(), inputs(provenance).tiling()).size();
            assertThat(IntStream.range(0, runs).allMatch(steps::sum)).isTrue();
            assertThat(IntStream.range(0, units).allMatch(steps::solve)).isTrue();
            assertThat(SharedBlock.join(MODEL, provenance, shared, folder, block))
                    .isTrue();
            assertSame(shared, whole, provenance.block(block));
        }
    }

    @Test
    void theOutputIsReadBackAndEvaluated() {
        Provenance provenance = provenance(Propagation.INDEPENDENT);
        StoredBlocks blocks = new StoredBlocks(source, provenance, new FolderBlockStore(folder.resolve("whole")));
        walk(provenance, (FolderBlockStore) blocks.store(), new Slice(0, 4));
        Path output = folder.resolve("output");
        OutputFormat format = OutputFormats.of(Formats.COMPRESSED_TENSORS);
        Assembly assembly = blocks.assembly();
        Assembled assembled = format.write(assembly, output, bytes -> {}, Cancellation.NEVER);
        Verification verified =
                OutputVerifier.verifyAssembled(format, output, assembled, assembly, bytes -> {}, Cancellation.NEVER);

        assertThat(verified.linears()).isEqualTo(2 * (7 + 6));
        assertThat(verified.weights()).isEqualTo(2 * (weights(NARROW) + weights(WIDE)));
        try (Checkpoint written = Checkpoint.openQuantized(output)) {
            assertThat(written.tensorNames())
                    .contains("model.layers.0.mlp.gate_proj.weight_packed", "model.layers.1.mlp.gate_proj.weight")
                    .doesNotContain("model.layers.1.mlp.gate_proj.weight_packed");
        }
        TokenFigures tokens = new Evaluator(backend, MODEL, source.model().weights(backend), folder)
                .evaluate(windows, blocks.decoded(backend), Progress.NONE, Cancellation.NEVER);
        EvaluationFigures figures = EvaluationFigures.reduce(List.of(tokens));
        assertThat(figures.klMean()).isPositive().isLessThan(0.05);
    }

    /** Each block turns by its own rope: with the other's, the model is another one. */
    @Test
    void eachBlockHasItsOwnRope() {
        Architecture other = model(rope(8, 10_000), rope(16, 10_000));

        assertThat(perplexity(MODEL)).isNotEqualTo(perplexity(other));
    }

    private double perplexity(Architecture architecture) {
        TokenFigures figures = new Evaluator(
                        backend, architecture, source.model().weights(backend), folder)
                .evaluate(windows, (block, weights) -> {}, Progress.NONE, Cancellation.NEVER);
        return EvaluationFigures.reduce(List.of(figures)).pplOriginal();
    }

    private void walk(Provenance provenance, FolderBlockStore store, Slice slice) {
        try (BlockWalk walk = BlockWalk.open(backend, inputs(provenance), store, options(), slice)) {
            while (walk.hasNext()) {
                walk.next();
            }
        }
    }

    private WalkInputs inputs(Provenance provenance) {
        return new WalkInputs(MODEL, source.model().weights(backend), source.storedType(), windows, provenance);
    }

    private WalkOptions options() {
        return new WalkOptions(folder, 1 << 20, WalkListener.NONE, Cancellation.NEVER);
    }

    private Provenance provenance(Propagation propagation) {
        return new Provenance("model", recipe(propagation), windows.digest(), 2, "java");
    }

    private static Recipe recipe(Propagation propagation) {
        Grid grid = new Grid(4, 16, true, ClipSearch.MSE);
        return new Recipe("w4", propagation, grid, new Gptq(Order.STATIC, 0.01), true);
    }

    /** In name, codes, scales and figures; records hold times, which differ. */
    private static void assertSame(FolderBlockStore made, FolderBlockStore expected, ArtifactName name) {
        List<BlockArtifact.Entry> linears = read(expected, name);
        assertThat(read(made, name)).hasSameSizeAs(linears).zipSatisfy(linears, (one, other) -> {
            assertThat(one.linear().id()).isEqualTo(other.linear().id());
            assertThat(one.linear().core().sameAs(other.linear().core())).isTrue();
            assertThat(one.record().figures()).isEqualTo(other.record().figures());
        });
    }

    private static List<BlockArtifact.Entry> read(FolderBlockStore store, ArtifactName name) {
        return BlockArtifact.read(store.find(name).orElseThrow(), name).linears();
    }

    private static long weights(BlockProgram program) {
        return program.linears().stream()
                .mapToLong(linear -> (long) linear.rows() * linear.cols())
                .sum();
    }

    private static Architecture model(RopeSpec narrow, RopeSpec wide) {
        List<Block> blocks = IntStream.range(0, 4)
                .mapToObj(block -> new Block(
                        "model.layers." + block + ".", block % 2 == 0 ? NARROW : WIDE, block % 2 == 0 ? narrow : wide))
                .toList();
        return new Architecture(
                "two-kinds",
                64,
                new EmbeddingSpec("model.embed_tokens.weight", VOCABULARY, HIDDEN),
                blocks,
                new HeadSpec("model.norm.weight", 1e-6, "lm_head.weight", false));
    }

    private static RopeSpec rope(int headDim, double theta) {
        return new RopeSpec(
                headDim,
                IntStream.range(0, headDim / 2)
                        .mapToObj(i -> Math.pow(theta, -2.0 * i / headDim))
                        .toList());
    }

    /** A stand-in for a router: a linear that keeps its weights whatever the recipe says. */
    private static BlockProgram withRouter(BlockProgram program) {
        return new BlockProgram(program.ops().stream()
                .map(op ->
                        op instanceof Op.Linear linear && linear.spec().name().equals("mlp.gate_proj")
                                ? new Op.Linear(linear.spec(), linear.bias(), false, linear.output())
                                : op)
                .toList());
    }

    private static void write(Path folder, SplittableRandom random) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("config.json"), "{\"model_type\": \"two-kinds\", \"tie_word_embeddings\": false}");
        List<OutputTensor> tensors = MODEL.tensors().stream()
                .map(tensor -> new OutputTensor(
                        tensor.name(),
                        StoredType.BF16,
                        tensor.shape().stream().map(Integer::longValue).toList()))
                .toList();
        try (ShardedWriter writer = new ShardedWriter(folder, tensors, ShardedWriter.MAX_SHARD_BYTES);
                Arena arena = Arena.ofConfined()) {
            for (TensorSpec tensor : MODEL.tensors()) {
                writer.write(tensor.name(), values(tensor, random, arena));
            }
            writer.commit();
        }
    }

    /** Norms about 1, matrices about 1 / sqrt(cols). */
    private static MemorySegment values(TensorSpec tensor, SplittableRandom random, Arena arena) {
        boolean norm = tensor.name().endsWith("norm.weight");
        int count = tensor.rows() * tensor.cols();
        MemorySegment values = arena.allocate(ValueLayout.JAVA_SHORT, count);
        for (int i = 0; i < count; i++) {
            double value = (norm ? 1 : 0) + random.nextGaussian() * (norm ? 0.2 : 1 / Math.sqrt(tensor.cols()));
            values.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToIntBits((float) value) >>> 16));
        }
        return values;
    }
}
