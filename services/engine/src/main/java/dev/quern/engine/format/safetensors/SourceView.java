package dev.quern.engine.format.safetensors;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.model.Architecture;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tensors of the model that an output was made from, as far as the output says: those that are not compressed as
 * they are, of the others type and shape alone.
 *
 * @param stored names of the tensors that are not compressed
 * @param packed weights that are compressed
 */
record SourceView(Checkpoint output, Set<String> stored, Map<String, TensorEntry> packed) implements StoredTensors {
    private static final String WEIGHT = "weight";

    static SourceView of(Checkpoint output, LinearCodec codec, Architecture architecture) {
        Set<String> modules = new HashSet<>(codec.modules(output));
        Set<String> stored = new LinkedHashSet<>(output.tensorNames());
        stored.removeIf(name -> isOf(modules, name));
        Map<String, TensorEntry> packed = new LinkedHashMap<>();
        RecipeFit.modules(architecture)
                .filter(module -> modules.contains(module.name()))
                .forEach(module -> {
                    // Scales have the dtype of the weights.
                    StoredType type = output.entry(module.name() + Scales.NAME).type();
                    long rows = module.linear().rows();
                    long cols = module.linear().cols();
                    long bytes = rows * cols * type.bits() / Byte.SIZE;
                    String name = module.id().weight();
                    packed.put(name, new TensorEntry(name, type, List.of(rows, cols), 0, bytes));
                });
        return new SourceView(output, stored, packed);
    }

    /** Whether a tensor stands for the weights of one of the modules: its name is theirs, or begins so. */
    private static boolean isOf(Set<String> modules, String name) {
        int dot = name.lastIndexOf('.');
        return dot > 0 && name.startsWith(WEIGHT, dot + 1) && modules.contains(name.substring(0, dot));
    }

    @Override
    public ModelConfig config() {
        return new ModelConfig(output.config().raw().without(SafetensorsFolder.QUANTIZATION));
    }

    @Override
    public Set<String> tensorNames() {
        Set<String> names = new LinkedHashSet<>(stored);
        names.addAll(packed.keySet());
        return names;
    }

    @Override
    public StoredTensor tensor(String name, Arena arena) {
        if (packed.containsKey(name)) {
            throw new IllegalArgumentException("tensor: " + name + " (expected: one that is not compressed)");
        }
        return output.tensor(name, arena);
    }

    @Override
    public TensorEntry entry(String name) {
        TensorEntry entry = packed.get(name);
        return entry == null ? output.entry(name) : entry;
    }

    @Override
    public void expect(String prefix) {
        output.expect(prefix);
    }
}
