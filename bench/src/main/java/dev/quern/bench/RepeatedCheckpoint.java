package dev.quern.bench;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * Writes a checkpoint with the blocks of another one over and over: a deep model whose weights and texts are real.
 * Block {@code i} is the original's block {@code i mod n}.
 *
 * <p>Arguments: a checkpoint, a new folder, the number of blocks.
 */
public final class RepeatedCheckpoint {
    private static final String BLOCKS = "num_hidden_layers";
    private static final Pattern BLOCK = Pattern.compile("(?<=\\.layers\\.)\\d+(?=\\.)");

    private RepeatedCheckpoint() {}

    public static void main(String[] args) throws IOException {
        if (args.length != 3) {
            throw new IllegalArgumentException("arguments (expected: MODEL FOLDER BLOCKS)");
        }
        Path folder = Path.of(args[1]);
        int blocks = Integer.parseInt(args[2]);
        try (Checkpoint original = Checkpoint.open(Path.of(args[0]))) {
            Files.createDirectories(folder);
            JsonObject config = original.config().raw().with(BLOCKS, JsonNumber.of(blocks));
            write(original, Architectures.of(new ModelConfig(config)), folder);
            for (String file : original.sideFiles()) {
                Files.write(folder.resolve(file), original.read(file, Integer.MAX_VALUE));
            }
            Files.writeString(folder.resolve(ModelConfig.FILE), Json.writePretty(config) + "\n");
        }
    }

    private static void write(Checkpoint original, Architecture architecture, Path folder) throws IOException {
        int blocks = original.config().integer(BLOCKS);
        List<OutputTensor> tensors = architecture.tensors().stream()
                .map(tensor -> output(tensor, original.entry(source(tensor.name(), blocks))))
                .toList();
        try (ShardedWriter writer = new ShardedWriter(folder, tensors, ShardedWriter.MAX_SHARD_BYTES)) {
            for (OutputTensor tensor : tensors) {
                writer.write(
                        tensor.name(),
                        original.tensor(source(tensor.name(), blocks)).data());
            }
            writer.commit();
        }
    }

    private static OutputTensor output(TensorSpec tensor, TensorEntry stored) {
        return new OutputTensor(tensor.name(), stored.type(), stored.shape());
    }

    private static String source(String name, int blocks) {
        return BLOCK.matcher(name)
                .replaceAll((MatchResult block) -> Integer.toString(Integer.parseInt(block.group()) % blocks));
    }
}
