package dev.quern.recipes;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Whether a loader takes a result.
 *
 * @param detail versions, and the condition or the reason, in words
 * @param command that loads a result from {@code FOLDER}
 */
public record Loading(Loader loader, Answer answer, String detail, String command) {
    /** What loads results; the version is the one whose behaviour is known. */
    public enum Loader {
        VLLM("vLLM", "0.33"),
        SGLANG("SGLang", "0.5.23"),
        TRANSFORMERS("transformers", "5.24 with compressed-tensors 0.20");

        private final String title;
        private final String version;

        Loader(String title, String version) {
            this.title = title;
            this.version = version;
        }

        public String title() {
            return title;
        }

        public String version() {
            return version;
        }
    }

    public enum Answer {
        LOADS,
        /** Only as the detail says. */
        CONDITIONAL,
        REFUSED,
        UNTRIED
    }

    /**
     * The grid of a linear.
     *
     * @param groupSize columns that share a scale; 0 is one scale per row
     */
    public record Packed(int bits, int groupSize, boolean symmetric) {
        /** What Marlin kernels take. */
        private boolean isUsual() {
            return bits == 4 || (bits == 8 && symmetric);
        }
    }

    /**
     * What decides whether a result loads.
     *
     * @param grids of its linears, at least one
     * @param splitsFused true where linears that loaders join are on different grids, or not all of them on one
     * @param turnsOnline true where activations have to be turned, which no loader does
     */
    public record Packing(Set<Packed> grids, boolean splitsFused, boolean turnsOnline) {
        public Packing {
            grids = new LinkedHashSet<>(grids);
        }

        /** One without turns. */
        public Packing(Set<Packed> grids, boolean splitsFused) {
            this(grids, splitsFused, false);
        }

        /** The same of a model that a transform has changed. */
        public Packing after(@Nullable Transform transform) {
            return new Packing(grids, splitsFused, Transform.isOnline(transform));
        }

        /** @param linears the grid of each by its module's name; empty for one that kept its weights */
        public static Packing of(Map<String, Optional<Packed>> linears) {
            Set<Packed> grids = new LinkedHashSet<>();
            linears.values().forEach(grid -> grid.ifPresent(grids::add));
            return new Packing(grids, splitsFused(linears));
        }

        private static boolean splitsFused(Map<String, Optional<Packed>> linears) {
            return linears.entrySet().stream()
                    .anyMatch(linear -> fusedWith(linear.getKey())
                            .anyMatch(other -> linears.containsKey(other)
                                    && !linear.getValue().equals(linears.get(other))));
        }

        private static Stream<String> fusedWith(String module) {
            int last = module.lastIndexOf('.') + 1;
            return FUSED.stream()
                    .filter(parts -> parts.contains(module.substring(last)))
                    .flatMap(List::stream)
                    .map(part -> module.substring(0, last) + part);
        }

        private Set<Integer> groupSizes() {
            return grids.stream().map(Packed::groupSize).collect(Collectors.toCollection(TreeSet::new));
        }

        private boolean isSymmetric() {
            return grids.stream().allMatch(Packed::symmetric);
        }
    }

    /** Groups that the kernels of vLLM and SGLang are made for. */
    private static final Set<Integer> COMMON_GROUPS = Set.of(0, 32, 64, 128);
    /** vLLM and SGLang join these to one layer, whose parts must be on one grid, or all keep their weights. */
    private static final List<List<String>> FUSED =
            List.of(List.of("q_proj", "k_proj", "v_proj"), List.of("gate_proj", "up_proj"));

    private static final String FUSED_REASON =
            "it joins q_proj, k_proj and v_proj, and gate_proj and up_proj: treat all of them alike";

    /** One answer for each loader, in the order of {@link Loader}, for a result in compressed-tensors. */
    public static List<Loading> of(Packing packing) {
        return List.of(vllm(packing), sglang(packing), transformers(packing));
    }

    /**
     * The same for a result in another format, which no loader knows.
     *
     * @param format null is compressed-tensors
     */
    public static List<Loading> of(@Nullable String format, Packing packing) {
        return format == null || format.equals(Formats.COMPRESSED_TENSORS)
                ? of(packing)
                : of(packing).stream()
                        .map(loading -> loading.refusing(format, packing.turnsOnline()))
                        .toList();
    }

    /** For results of a recipe in a format. */
    public static List<Loading> of(@Nullable String format, Recipe recipe) {
        return of(format, packing(recipe));
    }

    private Loading refusing(String format, boolean turned) {
        String reason = "it does not know " + format + ": "
                + (turned
                        ? "an engine has to turn activations, as its config.json says"
                        : "quern convert makes a result in " + Formats.COMPRESSED_TENSORS + " of it");
        return new Loading(loader, Answer.REFUSED, reason, command);
    }

    /** Sentences about the loaders that do not take a result as it is, for its report. */
    public static List<String> notes(@Nullable String format, Packing packing) {
        return of(format, packing).stream()
                .filter(loading ->
                        loading.answer() != Answer.LOADS || !loading.detail().isEmpty())
                .map(Loading::sentence)
                .toList();
    }

    /** Whether a note of a report is one of {@link #notes}. */
    public static boolean isNote(String note) {
        return Stream.of(Loader.values()).anyMatch(loader -> note.startsWith(loader.title() + " "));
    }

    /** For results of a recipe, as far as it says what they are: which linears it is for depends on the model. */
    public static List<Loading> of(Recipe recipe) {
        return of(packing(recipe));
    }

    private static Packing packing(Recipe recipe) {
        Set<Packed> grids = Stream.concat(
                        Stream.of(recipe.grid()),
                        recipe.overriding().stream()
                                .map(Recipe.ModuleOverride::grid)
                                .filter(Objects::nonNull))
                .map(Loading::packed)
                .collect(Collectors.toCollection(LinkedHashSet::new));
        return new Packing(grids, false).after(recipe.transform());
    }

    /** Every group that auto takes is one that all loaders have. */
    private static Packed packed(Recipe.Grid grid) {
        boolean auto = grid.groupSize() == Recipe.Grid.AUTO;
        return new Packed(grid.bits(), auto ? Recipe.Grid.SIZES.getFirst() : grid.groupSize(), grid.symmetric());
    }

    /** A line for a person, for example {@code vLLM 0.33: loads}. */
    public String sentence() {
        String verb = switch (answer) {
            case LOADS -> "loads";
            case CONDITIONAL -> "loads only under a condition";
            case REFUSED -> "does not load";
            case UNTRIED -> "not tried";
        };
        return loader.title() + " " + loader.version() + ": " + verb + (detail.isEmpty() ? "" : " (" + detail + ")");
    }

    /** The command for a folder. */
    public String commandFor(String folder) {
        return command.replace("FOLDER", folder);
    }

    private static Loading vllm(Packing packing) {
        if (packing.splitsFused()) {
            return vllm(Answer.REFUSED, FUSED_REASON);
        }
        if (!COMMON_GROUPS.containsAll(packing.groupSizes())) {
            return vllm(Answer.UNTRIED, unusual(packing.groupSizes()));
        }
        // Marlin kernels have 4 and 8 bits symmetric and 4 bits asymmetric; all else needs Humming, and nothing else
        // before 0.33.
        List<String> unusual = packing.grids().stream()
                .filter(grid -> !grid.isUsual())
                .map(grid -> grid.bits() + " bits" + (grid.symmetric() ? "" : " asymmetric"))
                .distinct()
                .toList();
        return unusual.isEmpty()
                ? vllm(Answer.LOADS, "")
                : vllm(
                        Answer.CONDITIONAL,
                        "with its Humming kernels enabled; earlier versions refuse " + String.join(", ", unusual));
    }

    private static Loading vllm(Answer answer, String detail) {
        return new Loading(Loader.VLLM, answer, detail, "vllm serve FOLDER");
    }

    private static Loading sglang(Packing packing) {
        if (packing.grids().stream().anyMatch(grid -> grid.bits() != 4 && grid.bits() != 8)) {
            return sglang(Answer.REFUSED, "4 and 8 bits only");
        }
        if (packing.splitsFused()) {
            return sglang(Answer.REFUSED, FUSED_REASON);
        }
        boolean common = COMMON_GROUPS.containsAll(packing.groupSizes());
        return common ? sglang(Answer.LOADS, "") : sglang(Answer.UNTRIED, unusual(packing.groupSizes()));
    }

    private static Loading sglang(Answer answer, String detail) {
        return new Loading(Loader.SGLANG, answer, detail, "python -m sglang.launch_server --model-path FOLDER");
    }

    private static Loading transformers(Packing packing) {
        String plain = "AutoModelForCausalLM.from_pretrained(\"FOLDER\")";
        String dequantizing = plain.replace(")", ", quantization_config=CompressedTensorsConfig(dequantize=True))");
        List<String> conditions = new ArrayList<>();
        if (packing.grids().size() > 1) {
            if (!packing.isSymmetric()) {
                return new Loading(
                        Loader.TRANSFORMERS,
                        Answer.REFUSED,
                        "asymmetric needs CompressedTensorsConfig(dequantize=True), which reads every linear by the first"
                                + " grid; give all linears the same bits and --group-size",
                        plain);
            }
            conditions.add("several grids: not with CompressedTensorsConfig(dequantize=True)");
        }
        packing.grids().stream()
                .mapToInt(Packed::bits)
                .filter(bits -> bits != 4 && bits != 8)
                .distinct()
                .forEach(bits -> conditions.add(bits + " bits need compressed-tensors 0.18 or newer"));
        if (!packing.isSymmetric()) {
            conditions.add("asymmetric needs quantization_config=CompressedTensorsConfig(dequantize=True)");
        }
        return new Loading(
                Loader.TRANSFORMERS,
                packing.isSymmetric() ? Answer.LOADS : Answer.CONDITIONAL,
                String.join("; ", conditions),
                packing.isSymmetric() ? plain : dequantizing);
    }

    private static String unusual(Set<Integer> groups) {
        Set<Integer> unusual = new TreeSet<>(groups);
        unusual.removeAll(COMMON_GROUPS);
        return "groups of "
                + String.join(", ", unusual.stream().map(String::valueOf).toList())
                + "; its kernels are made for 32, 64, 128 or one scale per row";
    }
}
