package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.checkpoint.files.Refusal;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.report.Report;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What of a checkpoint's files counts, by relative name with forward slashes, sorted. Hidden files and other folders
 * are not seen.
 *
 * @param names files of the folder and of its chat templates
 */
record CheckpointFolder(CheckpointFiles files, SortedSet<String> names) {
    static final String SINGLE = "model.safetensors";

    static final String TEMPLATES = "additional_chat_templates";
    private static final Pattern SHARD = Pattern.compile("model-\\d+-of-\\d+\\.safetensors");
    /** Names that every store holds; those of the files that loaders read are among them. */
    private static final Pattern PORTABLE =
            Pattern.compile("(" + TEMPLATES + "/)?[A-Za-z0-9_][A-Za-z0-9._=+@-]{0,199}");

    private static final List<String> PICKLES = List.of(".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle");
    private static final List<String> OTHER_WEIGHTS = List.of(
            ".safetensors",
            ".gguf",
            ".ggml",
            ".h5",
            ".msgpack",
            ".onnx",
            ".onnx_data",
            ".npz",
            ".tflite",
            ".nemo",
            ".zip",
            ".tar",
            ".tgz",
            ".gz",
            ".bz2",
            ".xz",
            ".zst",
            ".7z",
            ".rar");
    /** Made for this output, or code that would run: not carried over. */
    private static final Set<String> OWN =
            Set.of(ModelConfig.FILE, "README.md", Manifest.NAME, Report.NAME, "quern-report.html", Recipe.FILE);

    static CheckpointFolder of(CheckpointFiles files) {
        CheckpointFolder folder = new CheckpointFolder(
                files,
                files.names().stream().filter(CheckpointFolder::counts).collect(Collectors.toCollection(TreeSet::new)));
        // A link out of the folder shows now, not when everything is made and has to be copied.
        folder.sideFiles().forEach(files::version);
        return folder;
    }

    private static boolean counts(String name) {
        String file = name.startsWith(TEMPLATES + "/") ? name.substring(TEMPLATES.length() + 1) : name;
        return !file.isEmpty() && !file.startsWith(".") && file.indexOf('/') < 0;
    }

    boolean has(String name) {
        return names.contains(name);
    }

    /** Shards by their customary names, whether an index names them or not. */
    List<String> shards() {
        return names.stream().filter(name -> SHARD.matcher(name).matches()).toList();
    }

    /**
     * Files that belong to the model but are neither weights nor config.json: they are copied beside the result
     * (docs/formats.md, side files).
     */
    List<String> sideFiles() {
        return names.stream()
                .filter(name -> isSideFile(name) && PORTABLE.matcher(name).matches())
                .toList();
    }

    /** Files that would be side files if every store and file system could hold their names. */
    List<String> leftOut() {
        return names.stream()
                .filter(name -> isSideFile(name) && !PORTABLE.matcher(name).matches())
                .toList();
    }

    private static boolean isSideFile(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return !OWN.contains(name)
                && !lower.startsWith("consolidated")
                && !lower.endsWith(".index.json")
                && !lower.endsWith(".py")
                && !endsWith(lower, PICKLES)
                && !endsWith(lower, OTHER_WEIGHTS);
    }

    /** Why there is nothing to read, by the name of the file that is there instead. */
    QuernException noWeights() {
        for (String name : names) {
            String lower = name.toLowerCase(Locale.ROOT);
            if (endsWith(lower, PICKLES)) {
                return unsafe(name, "a pickle, which can run code when it is loaded");
            }
            if (endsWith(lower, OTHER_WEIGHTS)) {
                return unsafe(name, "weights in another format, or an archive");
            }
        }
        return Refusal.damaged(SINGLE, "missing (expected: " + SINGLE + " or " + ShardIndex.FILE + ")");
    }

    private static QuernException unsafe(String name, String what) {
        return new QuernException(
                ErrorCode.UNSAFE_CHECKPOINT, name + ": " + what + " (expected: weights as *.safetensors)");
    }

    private static boolean endsWith(String name, List<String> endings) {
        return endings.stream().anyMatch(name::endsWith);
    }
}
