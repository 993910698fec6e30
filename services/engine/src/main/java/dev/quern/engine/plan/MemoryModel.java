package dev.quern.engine.plan;

import dev.quern.engine.backend.DType;
import dev.quern.engine.compress.LinearCompressor;
import dev.quern.engine.evaluation.heldout.LinearProbe;
import dev.quern.engine.forward.OutputHead;
import dev.quern.engine.gradient.Backward;
import dev.quern.engine.mask.Pruner;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.engine.statistics.SketchSpec;
import dev.quern.engine.statistics.StatisticsCost;
import dev.quern.engine.tiling.SumRuns;
import dev.quern.engine.tiling.Tiling;
import dev.quern.recipes.Recipe;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The bytes that a worker will hold, statistics apart: a block in float32 with the tiles in flight, or with what
 * solving its largest linear takes, or the logits of an evaluation. Mapped files do not count.
 *
 * @param recipes of the outputs, whose blocks are made side by side; none where a finished result is evaluated
 */
record MemoryModel(Architecture architecture, List<Recipe> recipes, Tiling tiling, int threads) {
    private static final int FLOAT = DType.F32.bytes();
    /** JVM, code, native libraries, and what they keep for themselves. */
    private static final long PROCESS = 400L << 20;
    /** The part of the output head that an evaluation casts at once. */
    private static final long HEAD_SLICE = 64 << 20;

    /** Bytes that a walk holds for H of each work unit, of the block that takes most. */
    List<Long> statistics() {
        if (!calibrates()) {
            return List.of(0L);
        }
        int buffers = SumRuns.buffers(recipes.getFirst(), tiling);
        StatisticsCost cost = StatisticsCost.of(recipes);
        return architecture.programs().stream()
                .map(program -> program.units().stream()
                        .map(unit -> buffers * cost.bytes(unit))
                        .toList())
                .max(Comparator.comparingLong(
                        units -> units.stream().mapToLong(Long::longValue).sum()))
                .orElse(List.of());
    }

    /**
     * What is held at one moment, but for statistics.
     *
     * @param device weights, tiles and workspace
     * @param host what the process holds beside that: codes on the heap, code, libraries
     */
    record Moment(long device, long host) {
        long together() {
            return device + host;
        }
    }

    /** The moments of which one is the fullest, of the device, of the process, or of both together. */
    private List<Moment> moments() {
        Moment evaluating = new Moment(Math.max(block() + Math.max(tile(), probing()), logits()), PROCESS + codes());
        if (recipes.isEmpty()) {
            return List.of(evaluating);
        }
        long calibrating = calibrates() ? tile() : 0;
        Moment compressing = new Moment(block() + Math.max(calibrating, solving()), PROCESS + recipes.size() * codes());
        return List.of(compressing, evaluating);
    }

    /**
     * A block backwards over one tile, or the logits that gradients begin with: all values of the block with the
     * gradients by them, attention twice, and the products that sums are made of.
     */
    Moment walkingBack(SketchSpec spec) {
        long tokens = tiling.tokensPerTile();
        long values =
                largest(program -> Backward.bytes(program, architecture.hidden(), tiling.tokensPerTile(), DType.F32));
        long scores = 2L * threads * tiling.seqLen() * tiling.seqLen() * FLOAT;
        long products = architecture.linears().stream()
                .mapToLong(linear -> FLOAT * spec.productElements(linear, tokens, tiling.seqLen()))
                .max()
                .orElse(0);
        long ends = 3 * tokens * architecture.hidden() * FLOAT;
        return new Moment(Math.max(block() + values + scores + products + ends, logits() + ends), PROCESS);
    }

    /** Bytes of the sums of gradients of each linear, of the block that takes most. */
    List<Long> sums(SketchSpec spec) {
        return architecture.programs().stream()
                .max(Comparator.comparingLong(spec::bytes))
                .map(program -> program.linears().stream().map(spec::bytes).toList())
                .orElse(List.of());
    }

    /** The most of a figure that is held at once; statistics, which lie on the device, are apart. */
    long most(ToLongFunction<Moment> figure) {
        return moments().stream().mapToLong(figure).max().orElseThrow();
    }

    private boolean calibrates() {
        return !recipes.isEmpty() && recipes.getFirst().needsCalibration();
    }

    /** The weights of the largest block in float32. */
    private long block() {
        return FLOAT
                * largest(program -> program.weights().stream()
                        .mapToLong(MemoryModel::elements)
                        .sum());
    }

    /** The codes of a block of one output, a byte each, on the heap. */
    private long codes() {
        return largest(program -> program.linears().stream()
                .mapToLong(linear -> (long) linear.rows() * linear.cols())
                .sum());
    }

    /** A tile in flight: the values that are alive at once, attention scores, and a Gram matrix before it is added. */
    private long tile() {
        long width = largest(program -> LiveValues.peakWidth(program, architecture.hidden()));
        long values = tiling.tokensPerTile() * (width * FLOAT + architecture.hidden() * (long) DType.BF16.bytes());
        long scores = (long) threads * tiling.seqLen() * tiling.seqLen() * FLOAT;
        long widest = architecture.linears().stream()
                .mapToLong(LinearSpec::cols)
                .max()
                .orElse(0);
        return values + scores + widest * widest * FLOAT;
    }

    /** What measuring a compressed linear takes beside its block. */
    private long probing() {
        return architecture.linears().stream()
                .mapToLong(linear -> LinearProbe.workingBytes(linear, tiling, FLOAT))
                .max()
                .orElse(0);
    }

    private long solving() {
        return recipes.stream()
                .flatMapToLong(recipe -> architecture.linears().stream().mapToLong(linear -> solving(recipe, linear)))
                .max()
                .orElse(0);
    }

    /** Each method of a recipe may have prepared the unit at the same time. */
    private static long solving(Recipe recipe, LinearSpec linear) {
        long pruning =
                recipe.mask() == null ? 0 : Pruner.workingBytes(recipe.mask(), linear.rows(), linear.cols(), FLOAT);
        return pruning
                + recipe.roundings().stream()
                        .mapToLong(rounding ->
                                LinearCompressor.workingBytes(rounding, linear.rows(), linear.cols(), FLOAT))
                        .sum();
    }

    /** Bytes of the logits of the original and of one compressed model after the other, with a slice of the head. */
    private long logits() {
        long tokens = OutputHead.tokensAtOnce(architecture);
        return 2 * tokens * (architecture.vocabulary() + (long) architecture.hidden()) * FLOAT + HEAD_SLICE;
    }

    private long largest(ToLongFunction<BlockProgram> figure) {
        return architecture.programs().stream().mapToLong(figure).max().orElse(0);
    }

    private static long elements(TensorSpec tensor) {
        return (long) tensor.rows() * tensor.cols();
    }
}
