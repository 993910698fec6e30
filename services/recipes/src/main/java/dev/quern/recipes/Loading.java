package dev.quern.recipes;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether a loader takes a result in compressed-tensors format.
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
     * What decides whether a result loads.
     *
     * @param groupSizes of its linears; 0 is one scale per row
     * @param ignored modules that kept their weights
     */
    public record Packing(int bits, Set<Integer> groupSizes, boolean symmetric, List<String> ignored) {
        public Packing {
            groupSizes = Set.copyOf(groupSizes);
            ignored = List.copyOf(ignored);
        }
    }

    /** Groups that the kernels of vLLM and SGLang are made for. */
    private static final Set<Integer> COMMON_GROUPS = Set.of(0, 32, 64, 128);
    /** vLLM and SGLang join these to one layer, whose parts must all be compressed, or none. */
    private static final List<List<String>> FUSED =
            List.of(List.of("q_proj", "k_proj", "v_proj"), List.of("gate_proj", "up_proj"));

    /** One answer for each loader, in the order of {@link Loader}. */
    public static List<Loading> of(Packing packing) {
        return List.of(vllm(packing), sglang(packing), transformers(packing));
    }

    /** For results of a recipe, as far as it says what they are: which linears it ignores depends on the model. */
    public static List<Loading> of(Recipe recipe) {
        Recipe.Grid grid = recipe.grid();
        // Every group that auto takes is one that all loaders have.
        Set<Integer> groups = grid.groupSize() == Recipe.Grid.AUTO ? Set.of() : Set.of(grid.groupSize());
        return of(new Packing(grid.bits(), groups, grid.symmetric(), List.of()));
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
        if (splitsFused(packing)) {
            return vllm(Answer.REFUSED, fused());
        }
        if (!COMMON_GROUPS.containsAll(packing.groupSizes())) {
            return vllm(Answer.UNTRIED, unusual(packing.groupSizes()));
        }
        // Marlin kernels have 4 and 8 bits symmetric and 4 bits asymmetric; all else needs Humming, and nothing else
        // before 0.33.
        boolean marlin = packing.bits() == 4 || (packing.bits() == 8 && packing.symmetric());
        return marlin
                ? vllm(Answer.LOADS, "")
                : vllm(
                        Answer.CONDITIONAL,
                        "with its Humming kernels enabled; earlier versions refuse " + packing.bits() + " bits"
                                + (packing.symmetric() ? "" : " asymmetric"));
    }

    private static Loading vllm(Answer answer, String detail) {
        return new Loading(Loader.VLLM, answer, detail, "vllm serve FOLDER");
    }

    private static Loading sglang(Packing packing) {
        String command = "python -m sglang.launch_server --model-path FOLDER";
        if (packing.bits() != 4 && packing.bits() != 8) {
            return new Loading(Loader.SGLANG, Answer.REFUSED, "4 and 8 bits only", command);
        }
        if (splitsFused(packing)) {
            return new Loading(Loader.SGLANG, Answer.REFUSED, fused(), command);
        }
        boolean common = COMMON_GROUPS.containsAll(packing.groupSizes());
        return new Loading(
                Loader.SGLANG,
                common ? Answer.LOADS : Answer.UNTRIED,
                common ? "" : unusual(packing.groupSizes()),
                command);
    }

    private static Loading transformers(Packing packing) {
        String plain = "AutoModelForCausalLM.from_pretrained(\"FOLDER\")";
        boolean mixed = packing.groupSizes().size() > 1;
        if (mixed && !packing.symmetric()) {
            return new Loading(
                    Loader.TRANSFORMERS,
                    Answer.REFUSED,
                    "asymmetric needs CompressedTensorsConfig(dequantize=True), which reads every linear by the first group"
                            + " size; --group-size gives all linears the same",
                    plain);
        }
        List<String> conditions = new ArrayList<>();
        if (mixed) {
            conditions.add("several group sizes: not with CompressedTensorsConfig(dequantize=True)");
        }
        if (packing.bits() != 4 && packing.bits() != 8) {
            conditions.add(packing.bits() + " bits need compressed-tensors 0.18 or newer");
        }
        if (!packing.symmetric()) {
            conditions.add("asymmetric needs quantization_config=CompressedTensorsConfig(dequantize=True)");
        }
        return new Loading(
                Loader.TRANSFORMERS,
                packing.symmetric() ? Answer.LOADS : Answer.CONDITIONAL,
                String.join("; ", conditions),
                packing.symmetric()
                        ? plain
                        : plain.replace(")", ", quantization_config=CompressedTensorsConfig(dequantize=True))"));
    }

    private static boolean splitsFused(Packing packing) {
        Collection<String> ignored = packing.ignored();
        return ignored.stream()
                .anyMatch(module -> FUSED.stream()
                        .filter(parts -> parts.contains(last(module)))
                        .anyMatch(parts -> !parts.stream()
                                .allMatch(part ->
                                        ignored.contains(module.substring(0, module.lastIndexOf('.') + 1) + part))));
    }

    private static String last(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    private static String fused() {
        return "it joins q_proj, k_proj and v_proj, and gate_proj and up_proj: ignore all of them or none";
    }

    private static String unusual(Set<Integer> groups) {
        Set<Integer> unusual = new TreeSet<>(groups);
        unusual.removeAll(COMMON_GROUPS);
        return "groups of "
                + String.join(", ", unusual.stream().map(String::valueOf).toList())
                + "; its kernels are made for 32, 64, 128 or one scale per row";
    }
}
