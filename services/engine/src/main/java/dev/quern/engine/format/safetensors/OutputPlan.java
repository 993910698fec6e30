package dev.quern.engine.format.safetensors;

import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.LinearsByBlock;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What an output will consist of.
 *
 * @param copied tensors that stay as they are
 * @param tensors all tensors to be written, block after block: the order in which shards are filled
 */
record OutputPlan(List<String> copied, List<OutputTensor> tensors) {
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    /** Layer 10 comes after layer 9. */
    private static final Comparator<OutputTensor> BY_BLOCK =
            Comparator.comparing((OutputTensor tensor) -> padded(tensor.name())).thenComparing(OutputTensor::name);

    /**
     * Codecs whose tensors depend on the codes see every linear here, a block at a time.
     *
     * @throws dev.quern.recipes.error.QuernException SHAPE_MISMATCH when the format cannot hold a linear on its grid
     */
    static OutputPlan of(Assembly assembly, SafetensorsFolder format) {
        StoredTensors stored = assembly.model().tensors();
        LinearsByBlock values = new LinearsByBlock(assembly.compressed());
        Set<LinearId> linears = new LinkedHashSet<>();
        List<OutputTensor> tensors = new ArrayList<>();
        List<Block> blocks = assembly.model().architecture().blocks();
        for (int index = 0; index < blocks.size(); index++) {
            int block = index;
            for (LinearSpec spec : blocks.get(block).program().linears()) {
                LinearId id = blocks.get(block).id(spec);
                assembly.grids().of(id).ifPresent(grid -> {
                    StoredType type = stored.entry(id.weight()).type();
                    format.requireAccepted(id, spec.rows(), spec.cols(), grid);
                    linears.add(id);
                    tensors.addAll(format.codec()
                            .tensors(id, spec.rows(), spec.cols(), grid, type, () -> required(values, block, id)));
                });
            }
        }
        List<String> copied = copied(assembly.model(), linears);
        copied.forEach(name -> tensors.add(same(stored.entry(name))));
        tensors.sort(BY_BLOCK);
        return new OutputPlan(copied, tensors);
    }

    private static CompressedLinear required(LinearsByBlock values, int block, LinearId id) {
        CompressedLinear linear = values.find(block, id);
        if (linear == null) {
            throw new IllegalArgumentException("block " + block + ": without " + id + " (expected: every linear)");
        }
        return linear;
    }

    /** Tied weights are stored once: a second copy of the head is left out. */
    private static List<String> copied(Model model, Set<LinearId> linears) {
        Set<String> packed = linears.stream().map(LinearId::weight).collect(Collectors.toSet());
        return model.tensors().tensorNames().stream()
                .filter(name -> !packed.contains(name))
                .filter(name -> !model.architecture().isSecondHead(name))
                .toList();
    }

    private static OutputTensor same(TensorEntry entry) {
        return new OutputTensor(entry.name(), entry.type(), entry.shape());
    }

    private static String padded(String name) {
        return NUMBER.matcher(name)
                .replaceAll(number -> "0".repeat(Math.max(0, 9 - number.group().length())) + number.group());
    }
}
