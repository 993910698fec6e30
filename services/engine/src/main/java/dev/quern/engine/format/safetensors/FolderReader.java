package dev.quern.engine.format.safetensors;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.StoredTensors;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.digest.FileDigests;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.Model;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import java.lang.foreign.Arena;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * Reads a {@link SafetensorsFolder}.
 *
 * @param quantization the {@code quantization_config} of its config.json
 */
record FolderReader(Checkpoint output, LinearCodec codec, JsonObject quantization) implements OutputReader {
    @Override
    public String format() {
        return codec.name();
    }

    @Override
    public Architecture architecture() {
        return Architectures.of(output.config());
    }

    @Override
    public GridMap grids(List<LinearId> linears) {
        return codec.grids(quantization.without(OnlineTurns.MEMBER), linears);
    }

    @Override
    public CompressedLinear read(LinearId linear, IntegerShape grid) {
        return codec.read(output, linear, grid);
    }

    @Override
    public WeightBytes weightBytes(LinearId linear) {
        return codec.weightBytes(output, linear);
    }

    @Override
    public void checkOthers(Architecture architecture, Set<LinearId> compressed) {
        String own = architecture.head().ownWeight();
        if (architecture.tied() && output.has(own)) {
            throw damaged(own + ": present (expected: stored once, as "
                    + architecture.embedding().weight() + ")");
        }
        Set<String> packed = compressed.stream().map(LinearId::weight).collect(Collectors.toSet());
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        for (TensorSpec spec : architecture.tensors()) {
            if (!packed.contains(spec.name())) {
                shapes.put(spec.name(), spec.shape());
            }
        }
        output.requireTensors(shapes);
        List<String> foreign = new ArrayList<>(codec.modules(output));
        foreign.removeAll(compressed.stream().map(LinearId::module).collect(Collectors.toSet()));
        if (!foreign.isEmpty()) {
            throw damaged(
                    foreign.getFirst() + ": not a linear of the model (expected: " + compressed.size() + " linears)");
        }
    }

    @Override
    public void compareOthers(Checkpoint source, Model model) {
        compareTensors(model.tensors());
        for (String name : source.sideFiles()) {
            if (!output.hasFile(name) || !digest(name, source).equals(digest(name, output))) {
                throw damaged(name + ": differs from the source (expected: the same bytes)");
            }
        }
    }

    private void compareTensors(StoredTensors model) {
        Set<String> packed =
                codec.modules(output).stream().map(module -> module + ".weight").collect(Collectors.toSet());
        Set<String> original = model.tensorNames();
        for (String name : output.tensorNames()) {
            if (!packed.contains(name) && original.contains(name) && !isSameTensor(name, model)) {
                throw damaged(name + ": differs from the source (expected: the same bytes)");
            }
        }
        // A source may say "quantization_config": null.
        JsonObject config = output.config().raw().without(SafetensorsFolder.QUANTIZATION);
        if (!config.equals(model.config().raw().without(SafetensorsFolder.QUANTIZATION))) {
            throw damaged(ModelConfig.FILE + ": differs from the source (expected: only quantization_config added)");
        }
    }

    private boolean isSameTensor(String name, StoredTensors model) {
        try (Arena arena = Arena.ofConfined()) {
            return model.tensor(name, arena).data().mismatch(output.tensor(name).data()) < 0;
        }
    }

    private static String digest(String file, Checkpoint checkpoint) {
        MessageDigest digest = Digests.sha256();
        checkpoint.stream(file, (buffer, length) -> digest.update(buffer, 0, length));
        return Digests.hex(digest.digest());
    }

    @Override
    public List<FileDigest> digests(List<String> files, LongConsumer progress, Cancellation cancellation) {
        return FileDigests.of(output, files, progress, cancellation);
    }

    @Override
    public Optional<Assembly> assembly() {
        if (quantization.get(OnlineTurns.MEMBER) != null) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "config.json: %s.%s: an engine turns activations (expected: none, in a format that loaders read)"
                            .formatted(SafetensorsFolder.QUANTIZATION, OnlineTurns.MEMBER));
        }
        Architecture architecture = architecture();
        GridMap grids =
                grids(RecipeFit.modules(architecture).map(RecipeFit.Module::id).toList());
        Model model = new Model(architecture, SourceView.of(output, codec, architecture));
        return Optional.of(new Assembly(output, model, grids, block -> linears(architecture, grids, block)));
    }

    private List<CompressedLinear> linears(Architecture architecture, GridMap grids, int index) {
        Block block = architecture.blocks().get(index);
        return block.program().linears().stream()
                .map(block::id)
                .flatMap(id -> grids.of(id).map(grid -> read(id, grid)).stream())
                .toList();
    }

    @Override
    public void close() {
        output.close();
    }
}
