package dev.quern.engine.run;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.ConfigKeys;
import dev.quern.engine.model.TensorSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of everything that a checkpoint holds: every tensor, every key of config.json, every file. What
 * contradicts the model as it is read here is refused when a {@link Source} is opened; this says the rest, so that
 * nothing is left out in silence.
 *
 * @param remarks what the owner of the model should know, in sentences
 */
public record Account(List<Tensor> tensors, List<Key> keys, List<File> files, List<String> remarks) {
    public Account {
        tensors = List.copyOf(tensors);
        keys = List.copyOf(keys);
        files = List.copyOf(files);
        remarks = List.copyOf(remarks);
    }

    /** What becomes of a tensor or a file. */
    public enum Fate {
        COMPRESSED,
        COPIED,
        LEFT_OUT
    }

    /**
     * @param storedAs its name in the file, where that is another one
     * @param reason where the fate needs one
     */
    public record Tensor(
            String name,
            @Nullable String storedAs,
            Fate fate,
            @Nullable String reason) {}

    /** @param use unknown keys are left as they are, and change nothing here */
    public record Key(String name, ConfigKeys.Use use) {}

    public record File(String name, Fate fate) {}

    public static Account of(Source source) {
        Checkpoint checkpoint = source.checkpoint();
        List<Tensor> tensors = tensors(checkpoint, source.architecture());
        List<Key> keys = keys(checkpoint.config());
        return new Account(tensors, keys, files(checkpoint), remarks(source, tensors, keys));
    }

    private static List<Tensor> tensors(Checkpoint checkpoint, Architecture architecture) {
        Set<String> linears = new HashSet<>();
        Set<String> others = new HashSet<>();
        architecture.tensors().stream().map(TensorSpec::name).forEach(others::add);
        RecipeFit.modules(architecture)
                .forEach(module -> linears.add(module.id().weight()));
        List<Tensor> tensors = new ArrayList<>();
        for (String name : checkpoint.tensorNames()) {
            String stored = checkpoint.storedName(name).equals(name) ? null : checkpoint.storedName(name);
            if (linears.contains(name)) {
                tensors.add(new Tensor(name, stored, Fate.COMPRESSED, null));
            } else if (others.contains(name)) {
                boolean head = architecture.tied() && name.equals(architecture.headWeight());
                tensors.add(new Tensor(name, stored, Fate.COPIED, head ? "the head as well: they are tied" : null));
            } else if (architecture.isSecondHead(name)) {
                tensors.add(new Tensor(name, stored, Fate.LEFT_OUT, "a copy of the embedding, which is the head"));
            } else {
                tensors.add(new Tensor(name, stored, Fate.COPIED, "not read: config.json determines it"));
            }
        }
        return tensors;
    }

    private static List<Key> keys(ModelConfig config) {
        Set<String> used = Architectures.keys(config);
        return config.raw().members().keySet().stream()
                .map(key -> new Key(key, ConfigKeys.use(key, used)))
                .toList();
    }

    private static List<File> files(Checkpoint checkpoint) {
        List<File> files = new ArrayList<>();
        checkpoint.sideFiles().forEach(name -> files.add(new File(name, Fate.COPIED)));
        checkpoint.unusedFiles().forEach(name -> files.add(new File(name, Fate.LEFT_OUT)));
        return files;
    }

    private static List<String> remarks(Source source, List<Tensor> tensors, List<Key> keys) {
        List<String> remarks = new ArrayList<>();
        if (source.checkpoint().isUntied()) {
            remarks.add("lm_head.weight differs from the embedding, so it is the head: config.json said"
                    + " \"tie_word_embeddings\": true, the result says false.");
        }
        long renamed =
                tensors.stream().filter(tensor -> tensor.storedAs() != null).count();
        if (renamed > 0) {
            remarks.add(renamed + " tensors have other names in the source, as "
                    + tensors.stream()
                            .filter(tensor -> tensor.storedAs() != null)
                            .map(tensor -> tensor.storedAs() + " for " + tensor.name())
                            .findFirst()
                            .orElseThrow()
                    + ": the result has the usual ones.");
        }
        List<String> unknown = keys.stream()
                .filter(key -> key.use() == ConfigKeys.Use.UNKNOWN)
                .map(Key::name)
                .toList();
        if (!unknown.isEmpty()) {
            remarks.add(
                    "config.json: " + String.join(", ", unknown) + ": not known to Quern, and without effect here.");
        }
        return remarks;
    }
}
