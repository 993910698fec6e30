package dev.quern.engine.transform;

import dev.quern.engine.backend.Transformer.TokenGrid;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.Op;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.activation.Activations;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Programs that round activations as an engine does that runs the compressed model: what each compressed linear reads,
 * per token, and what attention reads as keys and values, per token and head. A linear that keeps its weights reads
 * what it always read.
 */
public final class QuantizedActivations {
    private static final String SUFFIX = "_quantized";

    private QuantizedActivations() {}

    /** What an engine runs; the same object where the recipe rounds no activations. */
    public static Architecture evaluated(Recipe recipe, Architecture architecture) {
        Activations activations = recipe.activations();
        return activations == null
                ? architecture
                : architecture.withBlocks(architecture.blocks().stream()
                        .map(block -> rounding(recipe, activations, block, architecture.hidden()))
                        .toList());
    }

    /** What calibration runs of a block; the same object where it rounds no activations. */
    public static Block calibrated(Recipe recipe, Architecture architecture, int index) {
        Activations activations = recipe.activations();
        Block block = architecture.blocks().get(index);
        return activations == null || !activations.calibrated()
                ? block
                : rounding(recipe, activations, block, architecture.hidden());
    }

    private static Block rounding(Recipe recipe, Activations activations, Block block, int hidden) {
        Program program = new Program(recipe, activations, block, hidden);
        block.program().ops().forEach(program::add);
        return new Block(block.prefix(), new BlockProgram(program.ops), block.rope());
    }

    private static TokenGrid grid(Activations.TokenGrid grid, int width) {
        return new TokenGrid(width, grid.bits(), grid.symmetric(), grid.clip());
    }

    /** A program in the making. */
    private static final class Program {
        private final Recipe recipe;
        private final Activations activations;
        private final Block block;
        private final Map<String, Integer> widths;
        private final Set<String> compressedInputs = new HashSet<>();
        private final List<Op> ops = new ArrayList<>();
        private final Set<String> rounded = new HashSet<>();

        Program(Recipe recipe, Activations activations, Block block, int hidden) {
            this.recipe = recipe;
            this.activations = activations;
            this.block = block;
            this.widths = block.program().widths(hidden);
            block.program().linears().stream()
                    .filter(linear -> isCompressed(block.id(linear).module()))
                    .forEach(linear -> compressedInputs.add(linear.input()));
        }

        private boolean isCompressed(String module) {
            return recipe.of(module).isPresent();
        }

        void add(Op op) {
            switch (op) {
                case Op.Linear linear when linear.compressible() -> linear(linear);
                case Op.Attention attention -> attention(attention);
                case Op.Linear other -> ops.add(other);
                case Op.RmsNorm other -> ops.add(other);
                case Op.HeadNorm other -> ops.add(other);
                case Op.Rope other -> ops.add(other);
                case Op.FakeQuantize other -> ops.add(other);
                case Op.Turn other -> ops.add(other);
                case Op.Gate other -> ops.add(other);
                case Op.Add other -> ops.add(other);
            }
        }

        private void linear(Op.Linear linear) {
            Activations.TokenGrid inputs = activations.inputs();
            String input = linear.spec().input();
            if (inputs == null || !compressedInputs.contains(input)) {
                ops.add(linear);
            } else if (isCompressed(block.id(linear.spec()).module())) {
                ops.add(Rewiring.reading(
                        linear, rounded(input, grid(inputs, linear.spec().cols()))));
            } else {
                // Not one of a unit: there would be one more than planned, and nothing is recorded for it.
                ops.add(new Op.Linear(linear.spec(), linear.bias(), false, linear.output()));
            }
        }

        private void attention(Op.Attention attention) {
            Activations.@Nullable TokenGrid kvCache = activations.kvCache();
            if (kvCache == null) {
                ops.add(attention);
                return;
            }
            String k = rounded(attention.k(), perHead(kvCache, attention.k(), attention));
            String v = rounded(attention.v(), perHead(kvCache, attention.v(), attention));
            ops.add(Rewiring.reading(attention, attention.q(), k, v));
        }

        private TokenGrid perHead(Activations.TokenGrid kvCache, String value, Op.Attention attention) {
            return grid(kvCache, Objects.requireNonNull(widths.get(value)) / attention.kvHeads());
        }

        /** Rounds a value at its first use. */
        private String rounded(String value, TokenGrid grid) {
            String name = value + SUFFIX;
            if (rounded.add(value)) {
                ops.add(new Op.FakeQuantize(value, grid, name));
            }
            return name;
        }
    }
}
