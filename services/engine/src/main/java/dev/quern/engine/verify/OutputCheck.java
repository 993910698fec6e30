package dev.quern.engine.verify;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** An open output, read as a loader reads it, from what it says of itself alone. */
final class OutputCheck {
    private final Checkpoint output;
    private final Architecture architecture;
    private final OutputFormat format;
    private final GridMap grids;

    private OutputCheck(Checkpoint output, Architecture architecture, OutputFormat format, GridMap grids) {
        this.output = output;
        this.architecture = architecture;
        this.format = format;
        this.grids = grids;
    }

    /** The output says itself which model it holds. */
    static OutputCheck of(Checkpoint output) {
        return of(output, Architectures.of(output.config()));
    }

    static OutputCheck of(Checkpoint output, Architecture architecture) {
        JsonValue block = output.config().raw().get("quantization_config");
        if (!(block instanceof JsonObject config)) {
            throw damaged("config.json: quantization_config: " + (block == null ? "missing" : Json.write(block))
                    + " (expected: an object)");
        }
        OutputFormat format = OutputFormats.ALL.stream()
                .filter(known -> new JsonString(known.name()).equals(config.get("quant_method")))
                .findFirst()
                .orElseThrow(() -> damaged("config.json: quantization_config: " + Json.write(config)
                        + " (expected: quant_method of a format that Quern writes)"));
        List<LinearId> linears =
                RecipeFit.modules(architecture).map(RecipeFit.Module::id).toList();
        return new OutputCheck(output, architecture, format, format.grids(config, linears));
    }

    /** A linear of the output. */
    interface LinearVisitor {
        void visit(int block, CompressedLinear linear);
    }

    /**
     * Checks shapes, ties and names, and decodes every linear.
     *
     * @param files with their digests
     */
    Verification check(List<FileDigest> files, LinearVisitor visitor, Cancellation cancellation) {
        Set<LinearId> expected = new HashSet<>();
        long weights = 0;
        int linears = 0;
        for (int block = 0; block < architecture.blocks().size(); block++) {
            Block checked = architecture.blocks().get(block);
            for (LinearSpec spec : checked.program().linears()) {
                cancellation.check();
                IntegerShape grid = grids.of(checked.id(spec)).orElse(null);
                if (grid == null) {
                    continue;
                }
                CompressedLinear linear = read(checked.id(spec), spec, grid);
                visitor.visit(block, linear);
                expected.add(linear.id());
                weights += (long) linear.rows() * linear.cols();
                linears++;
            }
        }
        long compressedBytes = checkOthers(expected);
        return new Verification(
                Manifests.outputDigest(files),
                files,
                format.name(),
                linears,
                weights,
                compressedBytes,
                files.stream().mapToLong(FileDigest::size).sum(),
                architecture.tied());
    }

    private CompressedLinear read(LinearId id, LinearSpec spec, IntegerShape grid) {
        CompressedLinear linear = format.read(output, id, grid);
        if (linear.rows() != spec.rows() || linear.cols() != spec.cols()) {
            throw damaged("%s: [%d, %d] (expected: [%d, %d])"
                    .formatted(linear.id(), linear.rows(), linear.cols(), spec.rows(), spec.cols()));
        }
        return linear;
    }

    /**
     * The tensors that are not compressed: all there, in shape; no second copy of a tied head; no linears but the
     * model's.
     */
    private long checkOthers(Set<LinearId> linears) {
        String own = architecture.head().ownWeight();
        if (architecture.tied() && output.has(own)) {
            throw damaged(own + ": present (expected: stored once, as "
                    + architecture.embedding().weight() + ")");
        }
        Set<String> packed = linears.stream().map(LinearId::weight).collect(Collectors.toSet());
        Map<String, List<Integer>> shapes = new LinkedHashMap<>();
        for (TensorSpec spec : architecture.tensors()) {
            if (!packed.contains(spec.name())) {
                shapes.put(spec.name(), spec.shape());
            }
        }
        output.requireTensors(shapes);
        Set<String> modules = linears.stream().map(LinearId::module).collect(Collectors.toSet());
        List<String> foreign = new ArrayList<>(format.modules(output));
        foreign.removeAll(modules);
        if (!foreign.isEmpty()) {
            throw damaged(
                    foreign.getFirst() + ": not a linear of the model (expected: " + linears.size() + " linears)");
        }
        return output.tensorNames().stream()
                        .filter(name -> name.contains(".weight_") && modules.contains(module(name)))
                        .map(output::entry)
                        .mapToLong(TensorEntry::bytes)
                        .sum()
                - shapeBytes(linears.size());
    }

    /** What only says the shape is not counted as bits of weights. */
    private static long shapeBytes(int linears) {
        return 2L * Long.BYTES * linears;
    }

    private static String module(String tensor) {
        return tensor.substring(0, tensor.lastIndexOf('.'));
    }

    static QuernException damaged(String message) {
        return new QuernException(ErrorCode.OUTPUT_DAMAGED, message);
    }
}
