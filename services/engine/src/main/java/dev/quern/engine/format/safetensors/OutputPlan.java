package dev.quern.engine.format.safetensors;

import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What an output will consist of, from headers alone.
 *
 * @param scaleTypes the dtype of each compressed linear's weights in the source
 * @param copied tensors that stay as they are
 * @param tensors all tensors to be written, block after block: the order in which shards are filled
 */
record OutputPlan(Map<LinearId, StoredType> scaleTypes, List<String> copied, List<OutputTensor> tensors) {
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    /** Layer 10 comes after layer 9. */
    private static final Comparator<OutputTensor> BY_BLOCK =
            Comparator.comparing((OutputTensor tensor) -> padded(tensor.name())).thenComparing(OutputTensor::name);

    /**
     * @throws dev.quern.recipes.error.QuernException SHAPE_MISMATCH when the format cannot hold a linear on its grid
     */
    static OutputPlan of(Model model, SafetensorsFolder format, GridMap grids) {
        StoredTensors stored = model.tensors();
        Map<LinearId, StoredType> scaleTypes = new LinkedHashMap<>();
        List<OutputTensor> tensors = new ArrayList<>();
        RecipeFit.modules(model.architecture())
                .forEach(module -> grids.of(module.id()).ifPresent(grid -> {
                    LinearSpec spec = module.linear();
                    StoredType type = stored.entry(module.id().weight()).type();
                    format.requireAccepted(module.id(), spec.rows(), spec.cols(), grid);
                    scaleTypes.put(module.id(), type);
                    tensors.addAll(format.codec().tensors(module.id(), spec.rows(), spec.cols(), grid, type));
                }));
        List<String> copied = copied(model, scaleTypes.keySet());
        copied.forEach(name -> tensors.add(same(stored.entry(name))));
        tensors.sort(BY_BLOCK);
        return new OutputPlan(scaleTypes, copied, tensors);
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

    /** Bytes of all tensors, without headers. */
    public long bytes() {
        return tensors.stream().mapToLong(OutputTensor::bytes).sum();
    }
}
