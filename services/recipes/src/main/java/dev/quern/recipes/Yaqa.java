package dev.quern.recipes;

import dev.quern.recipes.Recipe.Needs;
import dev.quern.recipes.Recipe.Order;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.codec.Discriminator;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * YAQA (Tseng et al., arXiv 2505.22988): an error in the weights of a linear is weighed by what it does to the outputs
 * of the whole model, {@code tr(H_O E H_I Eᵀ)} (docs/algorithms.md, two-sided rounding).
 *
 * @param inputFactor what H_I is made of
 * @param damping added to the diagonals of both factors, as a fraction of their means
 * @param shrinkage the shares that are tried of a multiple of the identity in H_O
 * @param minimumWindows fewer windows in the sums are refused
 * @param holdOut windows that are kept from the sums, to choose the best result by; null is one of nine
 * @param rowOrder the order in which rows are rounded
 * @param seed of the labels that are drawn from the model's own distribution
 * @param sketch what both factors are sums over; null is windows
 */
public record Yaqa(
        @Described(
                "What weighs the errors of inputs: the Fisher information of the linear (fisher), or the inputs themselves"
                        + " as in GPTQ (activations).")
        @Default("\"fisher\"")
        InputFactor inputFactor,

        @Described(
                value = "Added to the diagonals of both factors, as a fraction of their means.",
                minimum = 0,
                maximum = 1,
                exclusive = true)
        @Default("0.01")
        double damping,

        @Described(
                "Shares, from 0 to 1, of a multiple of the identity that are tried in the factor of the outputs; the one"
                        + " that is best on the windows held out is kept.")
        @Default("[0,0.25,0.5]")
        List<Double> shrinkage,

        @Described(
                value = "Windows of text that the factors need, beside those held out; fewer are refused.",
                minimum = 1)
        @Default("128")
        int minimumWindows,

        @Described(
                value = "Windows at the end of the text that the factors do not see, to choose the best result by. Left"
                        + " out, one window of nine.",
                minimum = 1)
        @Nullable
        Integer holdOut,

        @Described("static rounds rows by falling weight in the factor of the outputs; none rounds them as they stand.")
        @Default("\"static\"")
        Order rowOrder,

        @Described("Seed of the labels that are drawn from the model.") @Default("0")
        long seed,

        @Described("What the factors are sums over. Left out, the windows of the text.") @Nullable
        Sketch sketch)
        implements Rounding {
    private static final int NINE = 9;
    private static final Yaqa USUAL =
            new Yaqa(InputFactor.FISHER, 0.01, List.of(0.0, 0.25, 0.5), 128, null, Order.STATIC, 0);

    /** What weighs the errors of inputs. */
    public enum InputFactor {
        FISHER,
        ACTIVATIONS
    }

    /** What the factors are sums over, and how often they are summed (docs/algorithms.md, sketches). */
    @Discriminator("type")
    public sealed interface Sketch permits Sketch.Windows, Sketch.Tokens {
        /** For people. */
        String title();

        /** The gradient of each window as one (the paper's sketch B), once. */
        record Windows() implements Sketch {
            @Override
            public String title() {
                return "windows";
            }
        }

        /**
         * Each token by itself (the paper's sketch A), by a power iteration.
         *
         * @param iterations half-steps, which sum H_I and H_O in turn; the inputs' Gram matrix is the first
         */
        record Tokens(
                @Described(
                        value = "Half-steps of the power iteration: each sums the factor of one side, weighed by the"
                                + " other, and takes a pass back over the text.",
                        minimum = MIN_ITERATIONS)
                @Default("6")
                int iterations)
                implements Sketch {
            private static final int MIN_ITERATIONS = 2;

            public Tokens {
                Recipe.check(
                        iterations >= MIN_ITERATIONS,
                        "rounding.sketch.iterations: " + iterations + " (expected: " + MIN_ITERATIONS + " or more)");
            }

            @Override
            public String title() {
                return "tokens, " + iterations + " iterations";
            }
        }
    }

    public Yaqa {
        sketch = new Sketch.Windows().equals(sketch) ? null : sketch;
        shrinkage = List.copyOf(shrinkage);
        Recipe.check(
                damping > 0 && damping < 1, "rounding.damping: " + damping + " (expected: more than 0, less than 1)");
        Recipe.check(
                !shrinkage.isEmpty() && shrinkage.stream().allMatch(share -> share >= 0 && share <= 1),
                "rounding.shrinkage: " + shrinkage + " (expected: shares from 0 to 1, for example [0, 0.5])");
        Recipe.check(minimumWindows >= 1, "rounding.minimumWindows: " + minimumWindows + " (expected: 1 or more)");
        Recipe.check(
                holdOut == null || holdOut >= 1, "rounding.holdOut: " + holdOut + " (expected: 1 or more, or none)");
    }

    /** One whose factors are sums over windows. */
    public Yaqa(
            InputFactor inputFactor,
            double damping,
            List<Double> shrinkage,
            int minimumWindows,
            @Nullable Integer holdOut,
            Order rowOrder,
            long seed) {
        this(inputFactor, damping, shrinkage, minimumWindows, holdOut, rowOrder, seed, null);
    }

    /** What the factors are sums over, also where the recipe leaves it out. */
    public Sketch sketchOrWindows() {
        return sketch == null ? new Sketch.Windows() : sketch;
    }

    /**
     * How many windows at the end of a text are held out.
     *
     * @param windows of the text
     */
    public int heldOut(int windows) {
        return holdOut == null ? Math.max(1, windows / NINE) : holdOut;
    }

    /** The figures of a linear take its inputs; the factors come from a pass of their own. */
    @Override
    public Needs needs() {
        return Needs.INPUTS;
    }

    @Override
    public String shortName() {
        return inputFactor == InputFactor.FISHER ? "yaqa" : "yaqa-lite";
    }

    @Override
    public String title() {
        return "YAQA";
    }

    @Override
    public Map<String, String> parameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("input factor", inputFactor.name().toLowerCase(Locale.ROOT));
        parameters.put("damping", plain(damping));
        parameters.put("shrinkage", shrinkage.stream().map(Yaqa::plain).collect(Collectors.joining(" or ")));
        parameters.put("minimum windows", String.valueOf(minimumWindows));
        parameters.put("windows held out", holdOut == null ? "one of nine" : holdOut.toString());
        parameters.put("row order", rowOrder.name().toLowerCase(Locale.ROOT));
        parameters.put("seed", String.valueOf(seed));
        if (sketch != null) {
            parameters.put("sketch", sketch.title());
        }
        return parameters;
    }

    private static String plain(double value) {
        return BigDecimal.valueOf(value).toPlainString();
    }

    @Override
    public Rounding usual() {
        return USUAL.withInputFactor(inputFactor);
    }

    private Yaqa withInputFactor(InputFactor other) {
        return new Yaqa(other, damping, shrinkage, minimumWindows, holdOut, rowOrder, seed, sketch);
    }
}
