package dev.quern.recipes;

import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.codec.ApiVersion;
import dev.quern.recipes.codec.CompletedBy;
import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import dev.quern.recipes.codec.Discriminator;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.codec.Word;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a model is compressed: versioned data, validated in full before a job is accepted. In files and requests it may
 * be written shorter, see {@link RecipeForm}.
 *
 * @param name what the catalogue or the file calls it
 * @param propagation whose outputs feed the next block during calibration
 * @param grid the integer grid of every linear
 * @param rounding how weights are put on the grid
 * @param reproducible false lets workers of other numeric profiles take the work
 * @param overrides how some linears are treated differently; null where all are treated alike
 * @param transform what is done to the model before; null where nothing is
 * @param mask which weights become zero; null where none do
 * @param activations what an engine rounds beside the weights; null where it rounds nothing
 */
@ApiVersion(JobRequest.API_VERSION)
@CompletedBy(RecipeForm.class)
public record Recipe(
        @Described(
                "What lists, folders and reports call it. Left out, it follows from the values, as in gptq-w4a16-g64.")
        String name,

        @Described(
                "Whose outputs feed the next block during calibration: those of the compressed blocks before it (sequential)"
                        + " or of the original model (independent, usual with yaqa and inputFactor fisher).")
        @Default("\"sequential\"")
        Propagation propagation,

        @Described("The integer grid of every linear.") Grid grid,

        @Described("How weights are put on the grid.") @Default("{\"method\":\"gptq\"}")
        Rounding rounding,

        @Described("The same bytes for any number of workers; false lets workers with other numerics take the work.")
        @Default("true")
        boolean reproducible,

        @Described("Linears that are treated otherwise; the first entry that names a linear decides.") @Nullable
        List<ModuleOverride> overrides,

        @Described("What is done to the model before its weights are rounded.") @Nullable
        Transform transform,

        @Described("Which weights become zero before the others are rounded.") @Nullable
        Pruning mask,

        @Described("What an engine rounds beside the weights as it runs the model, and so does an evaluation.")
        @Nullable
        Activations activations) {
    /** The file beside a result that holds its recipe, for {@code --recipe}. */
    public static final String FILE = "quern-recipe.json";

    private static final int MIN_BITS = 2;
    private static final int MAX_BITS = 8;

    public Recipe {
        overrides = overrides == null || overrides.isEmpty() ? null : List.copyOf(overrides);
        for (Treatment each : treatments(new Treatment(grid, rounding), overrides)) {
            Pruning.require(mask, each.rounding());
            // Plain rounding asks for no text, so there are no inputs to count errors by.
            check(
                    each.grid().clipSearch() != ClipSearch.INPUTS
                            || each.rounding().needs() != Needs.NOTHING,
                    "clipSearch: inputs (expected: mse or none with "
                            + each.rounding().title() + ", for which no inputs are recorded)");
        }
        check(
                propagation == Propagation.SEQUENTIAL || !Activations.areCalibrated(activations),
                "activations.calibrated: true (expected: false, or sequential propagation)");
    }

    /** One that treats every linear alike. */
    public Recipe(String name, Propagation propagation, Grid grid, Rounding rounding, boolean reproducible) {
        this(name, propagation, grid, rounding, reproducible, null, null, null, null);
    }

    /** How one linear is compressed. */
    public record Treatment(Grid grid, Rounding rounding) {}

    /**
     * Another treatment for some linears.
     *
     * @param modules patterns on the names of their modules
     * @param grid null is the recipe's
     * @param rounding null is the recipe's
     * @param keep true leaves their weights as they are; then there is neither grid nor rounding
     */
    public record ModuleOverride(
            @Described(
                    "Patterns on module names such as model.layers.0.* or *.down_proj, where * stands for any characters and"
                            + " ? for one.")
            List<String> modules,

            @Described("Their grid. What it leaves out is as in the recipe's grid.") @Nullable
            Grid grid,

            @Described("How their weights are put on the grid.") @Nullable
            Rounding rounding,

            @Described("true keeps their original weights.") @Nullable
            Boolean keep) {
        public ModuleOverride {
            modules = List.copyOf(modules);
            check(!modules.isEmpty(), "overrides.modules: none (expected: patterns, for example *.down_proj)");
            check(
                    modules.stream().noneMatch(String::isBlank),
                    "overrides.modules: an empty pattern (expected: for example *.down_proj)");
            boolean keeps = Boolean.TRUE.equals(keep);
            check(
                    keeps ? grid == null && rounding == null : grid != null || rounding != null,
                    "overrides.keep: " + keep + " (expected: true, or a grid or a rounding)");
            keep = keeps ? true : null;
        }

        /** One that leaves weights as they are. */
        public static ModuleOverride keeping(List<String> modules) {
            return new ModuleOverride(modules, null, null, true);
        }

        public ModuleOverride withGrid(Grid other) {
            return new ModuleOverride(modules, other, rounding, keep);
        }

        private Treatment over(Treatment common) {
            return new Treatment(grid == null ? common.grid() : grid, rounding == null ? common.rounding() : rounding);
        }

        private boolean isFor(String module) {
            return modules.stream().anyMatch(pattern -> matches(pattern, module));
        }
    }

    /** Whose outputs feed a block: the original model, or the compressed blocks before it. */
    public enum Propagation {
        INDEPENDENT,
        SEQUENTIAL
    }

    /**
     * @param bits 2 to 8
     * @param groupSize columns that share a scale; 0 is one scale per row ("channel"), {@link #AUTO} takes what fits
     *     each linear
     * @param symmetric true fixes the zero point at 2^(bits-1)
     */
    public record Grid(
            @Described(value = "Bits of a weight.", minimum = MIN_BITS, maximum = MAX_BITS)
            int bits,

            @Described(
                    value =
                            "Columns that share a scale; 0 is one scale per row. auto is 128 where that divides the columns of a"
                                    + " linear, else the larger of 64 and 32 that does.",
                    minimum = 0)
            @Word(value = "auto", means = Grid.AUTO)
            @Default("\"auto\"")
            int groupSize,

            @Described("Whether the grid is centred on zero; false gives each group a zero point of its own.")
            @Default("true")
            boolean symmetric,

            @Described(
                    "inputs shrinks a group's range where that lowers its rounding error, each column counted by the size of"
                            + " its inputs; mse counts all alike; none spans the weights (usual with nearest).")
            @Default("\"inputs\"")
            ClipSearch clipSearch) {
        /** As a group size: the first of {@link #SIZES} that divides the columns of a linear. */
        public static final int AUTO = -1;
        /** What {@link #AUTO} chooses from, the preferred size first. Every loader runs them. */
        public static final List<Integer> SIZES = List.of(128, 64, 32);

        public Grid {
            check(
                    bits >= MIN_BITS && bits <= MAX_BITS,
                    "grid.bits: " + bits + " (expected: " + MIN_BITS + " to " + MAX_BITS + ")");
            check(
                    groupSize >= 0 || groupSize == AUTO,
                    "grid.groupSize: " + groupSize
                            + " (expected: a positive number, 0 for one scale per row, or auto)");
        }

        public Grid withGroupSize(int size) {
            return new Grid(bits, size, symmetric, clipSearch);
        }

        /**
         * Columns that share a scale in a linear; 0 is one scale per row.
         *
         * @throws QuernException SHAPE_MISMATCH when no group of this grid divides the columns
         */
        public int groupSizeFor(int cols) {
            Stream<Integer> sizes = groupSize == AUTO ? SIZES.stream() : Stream.of(groupSize);
            return sizes.filter(size -> size == 0 || cols % size == 0)
                    .findFirst()
                    .orElseThrow(() -> new QuernException(
                            ErrorCode.SHAPE_MISMATCH,
                            "grid.groupSize: " + (groupSize == AUTO ? "auto" : groupSize) + " (expected: a divisor of "
                                    + cols + " columns)"));
        }
    }

    /** Whether a group's range is shrunk where that lowers its rounding error (docs/algorithms.md, grids). */
    public enum ClipSearch {
        NONE,
        /** The error is the sum of |w - q|^2.4. */
        MSE,
        /** The error is the sum of (w - q)², each column times the root mean square of its inputs. */
        INPUTS
    }

    /** What a method has to know of a model beside its weights, and so what calibration records. */
    public enum Needs {
        /** It rounds the weights as they are. */
        NOTHING,
        /** The sum of x xᵀ over the inputs x of a linear. */
        INPUTS
    }

    /** How weights are put on the grid. */
    @Discriminator("method")
    public sealed interface Rounding permits Nearest, Gptq, Yaqa, Obr {
        /** What calibration has to record for it. */
        Needs needs();

        /** As names of recipes have it, for example {@code gptq}. */
        String shortName();

        /** For people. */
        String title();

        /** Its values, for people, by name; none unless it has some. */
        default Map<String, String> parameters() {
            return Map.of();
        }

        /** The method as built-in recipes have it; there is one way alone unless it says so. */
        default Rounding usual() {
            return this;
        }

        /** The clip search that built-in recipes have with it. */
        default ClipSearch usualClipSearch() {
            return ClipSearch.INPUTS;
        }
    }

    /** Plain rounding to the nearest code. */
    public record Nearest() implements Rounding {
        @Override
        public Needs needs() {
            return Needs.NOTHING;
        }

        @Override
        public String shortName() {
            return "rtn";
        }

        @Override
        public String title() {
            return "plain rounding";
        }

        @Override
        public ClipSearch usualClipSearch() {
            return ClipSearch.NONE;
        }
    }

    /**
     * GPTQ (Frantar et al., arXiv 2210.17323).
     *
     * @param order the order in which columns are rounded
     * @param damping added to the diagonal of H, as a fraction of its mean
     * @param polish sweeps of coordinate descent afterwards; null is none
     */
    public record Gptq(
            @Described(
                    "static rounds columns by falling activity, groups keep their place; none rounds them as they stand.")
            @Default("\"static\"")
            Order order,

            @Described(
                    value = "Added to the diagonal of the Hessian, as a fraction of its mean.",
                    minimum = 0,
                    maximum = 1,
                    exclusive = true)
            @Default("0.01")
            double damping,

            @Described(
                    value =
                            "How often scales and codes are improved one by one afterwards. Left out, they stay as the method found"
                                    + " them.",
                    minimum = 1,
                    maximum = MAX_POLISH)
            @Nullable
            Integer polish)
            implements Rounding {
        private static final double USUAL_DAMPING = 0.01;
        private static final int MAX_POLISH = 10;

        public Gptq {
            check(damping > 0 && damping < 1, "rounding.damping: " + damping + " (expected: more than 0, less than 1)");
            check(
                    polish == null || (polish >= 1 && polish <= MAX_POLISH),
                    "rounding.polish: " + polish + " (expected: 1 to " + MAX_POLISH + ", or none)");
        }

        /** Without a polish. */
        public Gptq(Order order, double damping) {
            this(order, damping, null);
        }

        /** Sweeps of the polish; 0 without one. */
        public int sweeps() {
            return polish == null ? 0 : polish;
        }

        @Override
        public Needs needs() {
            return Needs.INPUTS;
        }

        @Override
        public String shortName() {
            return "gptq";
        }

        @Override
        public String title() {
            return "GPTQ";
        }

        @Override
        public Map<String, String> parameters() {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("order", order.name().toLowerCase(Locale.ROOT));
            parameters.put("damping", BigDecimal.valueOf(damping).toPlainString());
            if (polish != null) {
                parameters.put("polish", polish.toString());
            }
            return parameters;
        }

        @Override
        public Rounding usual() {
            return new Gptq(Order.STATIC, USUAL_DAMPING);
        }
    }

    /** STATIC rounds columns by falling diagonal of H; groups keep their place (actorder "weight" elsewhere). */
    public enum Order {
        NONE,
        STATIC
    }

    public Recipe withName(String other) {
        return new Recipe(other, propagation, grid, rounding, reproducible, overrides, transform, mask, activations);
    }

    public Recipe withPropagation(Propagation other) {
        return new Recipe(name, other, grid, rounding, reproducible, overrides, transform, mask, activations);
    }

    public Recipe withGrid(Grid other) {
        return new Recipe(name, propagation, other, rounding, reproducible, overrides, transform, mask, activations);
    }

    public Recipe withOverrides(@Nullable List<ModuleOverride> others) {
        return new Recipe(name, propagation, grid, rounding, reproducible, others, transform, mask, activations);
    }

    public Recipe withTransform(@Nullable Transform other) {
        return new Recipe(name, propagation, grid, rounding, reproducible, overrides, other, mask, activations);
    }

    public Recipe withMask(@Nullable Pruning other) {
        return new Recipe(name, propagation, grid, rounding, reproducible, overrides, transform, other, activations);
    }

    public Recipe withActivations(@Nullable Activations other) {
        return new Recipe(name, propagation, grid, rounding, reproducible, overrides, transform, mask, other);
    }

    private static List<Treatment> treatments(Treatment common, @Nullable List<ModuleOverride> overrides) {
        List<Treatment> treatments = new ArrayList<>(List.of(common));
        Stream.ofNullable(overrides)
                .flatMap(List::stream)
                .filter(override -> override.keep() == null)
                .forEach(override -> treatments.add(override.over(common)));
        return treatments;
    }

    /** The overrides in order; none where all linears are treated alike. */
    public List<ModuleOverride> overriding() {
        return overrides == null ? List.of() : overrides;
    }

    /**
     * How a linear is compressed.
     *
     * @param module its name, for example {@code model.layers.0.mlp.down_proj}
     * @return empty for a linear that keeps its weights
     */
    public Optional<Treatment> of(String module) {
        Treatment common = new Treatment(grid, rounding);
        return overriding().stream()
                .filter(override -> override.isFor(module))
                .findFirst()
                .map(own -> Optional.ofNullable(own.keep() == null ? own.over(common) : null))
                .orElse(Optional.of(common));
    }

    /**
     * What decides the compressed weights, beside the inputs: the canonical recipe without its name, the workers that
     * may take it, the propagation, which the names of the inputs say, and activations that calibration leaves alone.
     */
    public JsonObject decisive() {
        JsonObject decisive = RecordCodec.writeObject(this)
                .without(ApiVersion.MEMBER)
                .without("name")
                .without("propagation")
                .without("reproducible");
        return Activations.areCalibrated(activations) ? decisive : decisive.without("activations");
    }

    /** True when a pattern stands for this module's name. */
    public static boolean matches(String pattern, String module) {
        String regex = pattern.chars()
                .mapToObj(c -> c == '*' ? ".*" : c == '?' ? "." : Pattern.quote(Character.toString(c)))
                .collect(Collectors.joining());
        return Pattern.matches(regex, module);
    }

    /** How weights may be rounded, each way once. */
    public Set<Rounding> roundings() {
        return treatments(new Treatment(grid, rounding), overrides).stream()
                .map(Treatment::rounding)
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }

    /** What calibration records for the methods of this recipe; empty where it needs no text. */
    public Set<Needs> needs() {
        Set<Needs> needs = EnumSet.noneOf(Needs.class);
        roundings().forEach(each -> needs.add(each.needs()));
        if (mask != null) {
            needs.add(Needs.INPUTS);
        }
        needs.remove(Needs.NOTHING);
        return needs;
    }

    /** True when the rounding of a linear needs statistics of its inputs. */
    public boolean needsCalibration() {
        return !needs().isEmpty();
    }

    /** True when the inputs of a block come through the compressed blocks before it. */
    public boolean walksCompressed() {
        return needsCalibration() && propagation == Propagation.SEQUENTIAL;
    }

    static void check(boolean holds, String message) {
        if (!holds) {
            throw new QuernException(ErrorCode.INVALID_RECIPE, message);
        }
    }
}
